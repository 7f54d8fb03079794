"""`./run`: what a newcomer types first."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


def run(
    *words: str, cwd: Path = ROOT, script: Path = ROOT / "run", path: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if path is None else {"PATH": path})
    command = ["/bin/bash", str(script), *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_without_a_command_it_says_what_to_type() -> None:
    result = run()
    assert result.returncode == 2
    assert result.stderr.startswith("run: expected a command")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(not (ROOT / ".venv/requirements.installed").exists(), reason="not set up by it")
def test_it_runs_a_command_inside_the_environment_from_any_folder(tmp_path: Path) -> None:
    result = run("python", "-c", "import sys; print(sys.prefix)", cwd=tmp_path)
    assert result.stdout.strip() == str(ROOT / ".venv")
    assert result.stderr == ""


def test_where_it_cannot_install_it_names_the_packages(tmp_path: Path) -> None:
    # a system with neither apt-get nor SoX: only what the script itself calls
    for tool in ("bash", "dirname", "id", "grep", "cmp", "env"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    result = run("true", path=str(tmp_path))
    assert result.returncode == 2
    assert "please install by hand" in result.stderr
    assert "fluid-soundfont-gm" in result.stderr
    assert result.stderr.count("\n") == 1
