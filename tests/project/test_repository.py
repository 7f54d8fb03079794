"""What stands beside the code for those who host, cite or run it says what the code says."""

import re

from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

import timbre
from tests.conftest import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def loaded(name: str) -> dict[str, object]:
    """A YAML file of the project."""
    found: dict[str, object] = YAML(typ="safe").load(ROOT / name)
    return found


def test_the_citation_and_the_changelog_know_the_version() -> None:
    assert loaded("CITATION.cff")["version"] == timbre.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {timbre.__version__}" in changes
    assert f"timbre_transfer-{timbre.__version__}-" in (ROOT / "README.md").read_text("utf-8")


def test_the_workflow_runs_what_must_pass_on_every_python_that_is_allowed() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "run: .ci/run" in workflow
    (allowed,) = re.findall(r'requires-python = "(.+)"', PROJECT)
    every = [f"3.{minor}" for minor in range(30) if f"3.{minor}.5" in SpecifierSet(allowed)]
    jobs = loaded(".github/workflows/ci.yml")["jobs"]
    assert jobs["ci"]["strategy"]["matrix"]["python"] == every  # type: ignore[index]


def test_the_readme_names_every_extra() -> None:
    (section,) = re.findall(r"\[project.optional-dependencies\]\n(.*?)\n\[", PROJECT, re.DOTALL)
    extras = set(re.findall(r"^(\w+) = ", section, re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {extra for extra in extras if f"| `{extra}` |" not in readme} == set()
