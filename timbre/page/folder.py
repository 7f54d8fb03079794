"""The private folder of a server, in which nothing stays for an hour."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import time

from timbre.transfer.scratch_folder import temporary_folder

SWEEP_SECONDS, MAX_FILE_SECONDS = 300.0, 2700.0  # s: how often is swept, and how old a file gets


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that nobody else reads, for all that is temporary; removed in the end.

    What servers left that were killed is removed in the beginning.
    """
    usual = tempfile.tempdir
    with temporary_folder() as folder:
        tempfile.tempdir = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = usual


@contextmanager
def swept(folder: Path, kept: set[Path]) -> Iterator[None]:
    """Delete what gets old in a folder, while this lasts."""
    done = Event()

    def sweeping() -> None:
        while not done.wait(SWEEP_SECONDS):
            sweep(folder, kept, time() - MAX_FILE_SECONDS)

    Thread(target=sweeping, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def sweep(folder: Path, kept: set[Path], before: float) -> None:
    """Delete the files in a folder that were last written before a time, but for those kept."""
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # somebody else was faster
            if path.is_file() and path not in kept and path.stat().st_mtime < before:
                path.unlink()
