"""`./run`: what a newcomer types first, on a project of two files that is set up as this one is."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, hash_of
from tests.project.runs import ANEW, INSTALLING, command, new_project, one_sentence, run, works


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was set up, in a folder with spaces."""
    folder = new_project(tmp_path_factory.mktemp("made") / "a project")
    result = run("hello", script=folder / "run")
    assert result.returncode == 0, result.stderr
    assert INSTALLING in result.stderr
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A project that was set up, and then moved."""
    return Path(shutil.copytree(made, tmp_path / "moved to here", symlinks=True))


def test_without_a_command_it_says_what_to_type() -> None:
    one_sentence(run(), "expected a command")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_its_help_is_short_and_needs_nothing(option: str, tmp_path: Path) -> None:
    result = run(option, script=new_project(tmp_path / "new") / "run")
    assert result.returncode == 0
    assert result.stdout.startswith("usage: ./run COMMAND")
    assert len(result.stdout.splitlines()) < 15
    assert not (tmp_path / "new/.venv").exists()


def test_a_command_that_is_none_is_refused(made: Path) -> None:
    one_sentence(run("typo", script=made / "run"), "expected a command of the environment")


def test_it_runs_a_command_inside_the_environment_from_any_folder(
    made: Path, tmp_path: Path
) -> None:
    result = run("python", "-c", "import sys; print(sys.prefix)", cwd=tmp_path, script=made / "run")
    assert result.stdout == f"{made / '.venv'}\n"
    assert result.stderr == ""


def test_it_may_be_linked_from_elsewhere(made: Path, tmp_path: Path) -> None:
    (tmp_path / "tool").symlink_to(made / "run")
    assert "hello.py" in run("hello", script=tmp_path / "tool").stdout


def test_what_is_set_up_writes_nothing(made: Path) -> None:
    before = hash_of(made)
    assert run("hello", script=made / "run", HOME="/nonexistent").returncode == 0
    assert hash_of(made) == before


@pytest.mark.parametrize("there", [".venv", ".venv/bin/python", ".venv/bin/pip"])
def test_what_was_interrupted_is_made_anew(there: str, tmp_path: Path) -> None:
    folder = new_project(tmp_path / "new")
    process = subprocess.Popen(
        command(folder / "run", "hello"), stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    while not (folder / there).exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.endswith("run: interrupted; the next ./run goes on.\n")
    assert not (folder / ".venv/requirements.installed").exists()
    assert ANEW in works(folder)


def test_what_was_moved_is_mended_with_what_is_there(project: Path) -> None:
    (project / ".venv/kept").touch()
    said = works(project)
    assert ANEW not in said
    assert (project / ".venv/kept").exists()
    activate = f". '{project}/.venv/bin/activate' && hello"
    assert str(project) in subprocess.check_output(["bash", "-c", activate], text=True)


def test_other_pins_are_installed_into_what_is_there(project: Path) -> None:
    works(project)
    (project / ".venv/kept").touch()
    (project / "requirements.txt").write_text("pip\n")
    assert INSTALLING in works(project)
    assert (project / ".venv/kept").exists()


@pytest.mark.parametrize("moved", [True, False])
def test_a_python_that_is_gone_is_replaced(moved: bool, project: Path) -> None:
    if not moved:
        works(project)
    for path in (project / ".venv/bin").glob("python*"):
        path.unlink()
        path.symlink_to("/nonexistent/python3")
    assert ANEW in works(project)


def test_a_python_of_another_version_is_replaced(project: Path) -> None:
    (packages,) = (project / ".venv/lib").glob("python3*")
    packages.rename(packages.with_name("python3.10"))
    assert ANEW in works(project)


def test_two_at_once_set_up_once(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "new")
    both = [
        subprocess.Popen(command(folder / "run", "hello"), stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0] != ""
    assert (said[0][1] + said[1][1]).count(INSTALLING) == 1


def test_the_environment_of_another_checkout_is_left_alone(made: Path, tmp_path: Path) -> None:
    folder = new_project(tmp_path / "worktree")
    (folder / "requirements.txt").write_text("other\n")
    (folder / ".venv").symlink_to(made / ".venv")
    before = hash_of(made)
    result = run("hello", script=folder / "run")
    assert (result.returncode, result.stderr) == (0, "")
    assert hash_of(made) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_nothing_may_be_written_it_says_so(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "new")
    for path in (folder / "run", folder):
        path.chmod(0o555)
    one_sentence(run("true", script=folder / "run"), "expected a whole environment in")


def test_a_colon_in_the_path_is_refused(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "10:30")
    one_sentence(run("true", script=folder / "run"), "expected a folder without a colon")
    assert not (folder / ".venv").exists()


def bare_system(folder: Path, *tools: str) -> Path:
    """A folder for PATH with what the script itself calls, and no more."""
    folder.mkdir()
    script = ("bash", "dirname", "readlink", "id", "grep", "cmp", "cat", "env", "flock")
    for tool in (*script, *tools):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def test_where_it_cannot_install_it_names_the_packages(tmp_path: Path) -> None:
    # a system with neither apt-get nor SoX
    result = run("true", PATH=str(bare_system(tmp_path / "bin")))
    one_sentence(result, "cannot install system packages here")
    assert "please install by hand" in result.stderr
    assert "libsox-fmt-all" in result.stderr


def test_where_debian_keeps_a_part_of_python_apart_it_brings_that(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "new")
    tools = bare_system(tmp_path / "bin", "sox", "ffmpeg", "rm", "mv", "touch")
    installed = tmp_path / "installed"
    stand_ins = {
        # it has no ensurepip before the package is there
        "python3.11": (
            f'[ -e {installed} ] || [[ $* != *ensurepip* ]] && exec {sys.executable} "$@"'
        ),
        "apt-get": f'[[ $* == "install "*" python3.11-venv" ]] && touch {installed}',
        "sudo": 'exec "$@"',
    }
    for name, text in stand_ins.items():
        (tools / name).write_text(f"#!/bin/bash\n{text}\n")
        (tools / name).chmod(0o755)
    result = run("hello", script=folder / "run", PATH=str(tools))
    assert result.returncode == 0, result.stderr
    assert "run: installing python3.11-venv\n" in result.stderr


@pytest.mark.skipif(not (ROOT / ".venv/bin/dvc").exists(), reason="not set up by it")
def test_dvc_works_without_git_and_changes_nothing_for_it(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path)
    shutil.copytree(ROOT / ".dvc/without_git", tmp_path / ".dvc/without_git")
    shutil.copy(ROOT / ".dvc/config", tmp_path / ".dvc")
    (tmp_path / ".venv").symlink_to((ROOT / ".venv").resolve())
    (tmp_path / "dvc.yaml").write_text("stages: {a: {cmd: echo made >b, outs: [b]}}\n")
    result = run("dvc", "repro", cwd=tmp_path, script=tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "b").read_text() == "made\n"
    assert [path.name for path in (tmp_path / ".dvc").glob("config*")] == ["config"]
    assert (tmp_path / ".dvc/config").read_bytes() == (ROOT / ".dvc/config").read_bytes()


def test_a_clone_made_by_windows_has_scripts_that_bash_reads() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no Git repository")
    names = ["run", ".ci/run", "dvc.yaml", "models/glow.safetensors"]
    words = ["git", "check-attr", "eol", "text", "--", *names]
    said = subprocess.check_output(words, cwd=ROOT, text=True)
    assert all(f"{name}: eol: lf\n" in said for name in names[:3])
    assert "models/glow.safetensors: text: unset\n" in said


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("name", ["run", ".ci/run"])
def test_shellcheck_finds_nothing(name: str) -> None:
    subprocess.run(["shellcheck", ROOT / name], check=True)
