"""Pages of the project, and what is printed in them."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT

DOCS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")}


PAGES = {  # all that is printed about the project as it is now
    path: path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", "models/*.md", "profiles/*.yaml", "params.yaml")
    for path in sorted(ROOT.glob(pattern))
    if path.name != "CHANGELOG.md"
}


ADDED = {"framewise", "nearest"}  # by research.md


def block(page: str, label: str) -> str:
    """The code block under `<!-- label -->` of a page."""
    (found,) = re.findall(rf"<!-- {re.escape(label)} -->\n```\w+\n(.*?)```", DOCS[page], re.DOTALL)
    return str(found)


def values(name: str) -> dict[str, Any]:
    """What the page puts into params.yaml for it."""
    (found,) = YAML(typ="safe").load(block("research", f"values: {name}")).values()
    return found  # type: ignore[no-any-return]


@cache
def stages() -> frozenset[str]:
    """Names of all stages, and of those that have several, the name that they share."""
    names = run(ROOT, "dvc", "stage", "list", "--name-only").split()
    return frozenset(names) | {name.partition("@")[0] for name in names}


def run(clone: Path, *command: str) -> str:
    """What a command prints there; it has to succeed."""
    environment = {**os.environ, "PYTHONPATH": str(clone), "DVC_NO_ANALYTICS": "1"}
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=clone, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
