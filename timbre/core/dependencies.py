"""Dependencies of results on code: the files that modules import, directly or not.

One answer for all who ask: dvc.yaml (held to it by a test), and what is kept of a run that was
killed, which counts only as long as its code is the same.
"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]  # of the packages `timbre` and `stages`
PACKAGES = ("timbre.", "stages.")
# A schema decides whether values are accepted, not what comes out.
SCHEMA = "stages/params.py"


def files(*modules: str) -> list[Path]:
    """All files of the project that run when modules do, sorted, relative to `ROOT`.

    A module that is imported by a name that is computed, as a registry does, has to be given.

    Args:
        *modules: dotted names.
    """
    paths: set[str] = set()
    queue = [path for module in modules for path in _paths(module)]
    while queue:
        path = queue.pop()
        if path not in paths:
            paths.add(path)
            queue += _imported(path) if path.endswith(".py") else ()
    return [Path(path) for path in sorted(paths)]


def contents(*modules: str) -> list[bytes]:
    """The contents of those files, in their order."""
    return [(ROOT / path).read_bytes() for path in files(*modules)]


def _paths(module: str) -> list[str]:
    """The file of a module, if it is one of the project's."""
    if not module.startswith(PACKAGES):
        return []
    path = f"{module.replace('.', '/')}.py"
    return [path] if path != SCHEMA and (ROOT / path).is_file() else []


@cache
def _imported(path: str) -> frozenset[str]:
    """The project's files that a file imports itself, and those beside it that it names."""
    paths: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            paths.update(*(_paths(alias.name) for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            paths.update(*(_paths(name) for name in names))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            beside = Path(path).parent / node.value
            if re.fullmatch(r"[\w.]+\.\w+", node.value) and (ROOT / beside).is_file():
                paths.add(beside.as_posix())
            paths.update(_paths(node.value))
    return frozenset(paths)
