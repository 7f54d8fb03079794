"""Small projects that `./run` is tried on."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT

INSTALLING = "run: installing the Python packages"
ANEW = "run: making .venv anew"


# A package whose installation takes no network, with a command of its own.
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


BACKEND = """
import zipfile
from pathlib import Path

INFO = "hello-1.dist-info"


def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(Path(folder, "hello-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("hello.pth", str(Path.cwd()))
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\\nName: hello\\nVersion: 1\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{INFO}/WHEEL", f"Wheel-Version: 1.0\\n{tags}")
        wheel.writestr(f"{INFO}/entry_points.txt", "[console_scripts]\\nhello = hello:main\\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return "hello-1-py3-none-any.whl"
"""


HELLO = """
import sys


def main():
    print(__file__, sys.prefix)
"""


def command(script: Path, *words: str) -> list[str]:
    return ["/bin/bash", str(script), *words]


def run(
    *words: str, cwd: Path = ROOT, script: Path = ROOT / "run", **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables
    return subprocess.run(
        command(script, *words), cwd=cwd, env=environment, capture_output=True, text=True
    )


def new_project(folder: Path) -> Path:
    """A project that is not set up."""
    folder.mkdir()
    shutil.copy(ROOT / "run", folder)
    (folder / "requirements.txt").write_text("pip  # which is there already\n")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "hello.py").write_text(HELLO)
    return folder


def works(folder: Path) -> str:
    """Check that the project's command runs, from its own place; what setting it up said."""
    result = run("hello", script=folder / "run", cwd=folder.parent)
    assert result.stdout == f"{folder / 'hello.py'} {folder / '.venv'}\n", result.stderr
    again = run("hello", script=folder / "run", cwd=folder.parent)
    assert (again.stdout, again.stderr) == (result.stdout, "")
    return result.stderr


def one_sentence(result: subprocess.CompletedProcess[str], beginning: str) -> None:
    assert result.returncode == 2
    assert result.stderr.startswith(f"run: {beginning}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
