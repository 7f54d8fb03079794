"""Temporary folders of transfers: nothing is left of those that end, however they end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests import shipped, tiny
from timbre.transfer import scratch_folder
from timbre.transfer.scratch_folder import FOLDER_PREFIX, temporary_folder, unwritten


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_folder_is_deleted_afterwards(temporary: Path) -> None:
    with temporary_folder() as folder:
        (folder / "samples").touch()
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_folders_of_killed_processes_go_and_others_stay(temporary: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = temporary / f"{FOLDER_PREFIX}{gone.pid}-abc"
    ours, strange = (
        temporary / f"{FOLDER_PREFIX}{os.getpid()}-abc",
        temporary / f"{FOLDER_PREFIX}mine",
    )
    for folder in (left, ours, strange, temporary / "other"):
        folder.mkdir()
    with temporary_folder():
        assert not left.exists()
        assert ours.exists()
        assert strange.exists()
        assert (temporary / "other").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_leaves_nothing(
    tmp_path: Path, temporary: Path, number: signal.Signals
) -> None:
    weights = shipped.write(tmp_path / "weights")
    clips = [shipped.recording(tmp_path / name, 200.0) for name in ("a.wav", "b.wav")]
    out = tmp_path / "out.wav"
    words = [
        "transfer",
        *map(str, clips),
        "-o",
        str(out),
        "--weights",
        str(weights),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "timbre", *words],
        cwd=tiny.ROOT, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(temporary.glob(f"{FOLDER_PREFIX}*/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert list(temporary.iterdir()) == []
    assert not out.exists()


def test_a_full_disk_is_named_whatever_was_said(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = shutil.disk_usage(tmp_path)
    full: list[Path] = []
    monkeypatch.setattr(
        scratch_folder.shutil, "disk_usage",
        lambda path: usual._replace(free=0) if Path(path) in full else usual,
    )  # fmt: skip
    out = tmp_path / "out.wav"
    assert "System error." in str(unwritten(out, OSError("System error.")))
    full.append(tmp_path)
    assert f"room for {out}, its disk is full" in str(unwritten(out, OSError("System error.")))
    full.append(temporary)
    assert f"temporary folder {temporary}, it is full" in str(unwritten(out, OSError("")))
