"""The private folder of a server, in which nothing stays for an hour."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import time

try:
    import fcntl
except ImportError:  # Windows has none: nobody knows there which folders are held, so all stay
    fcntl = None  # type: ignore[assignment]

FOLDER_PREFIX = "timbre-serve-"
SWEEP_SECONDS, MAX_FILE_SECONDS = 300.0, 2700.0  # s: how often is swept, and how old a file gets


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that nobody else reads, for all that is temporary; removed in the end.

    What servers left that were killed is removed in the beginning.
    """
    usual = tempfile.tempdir
    clear(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True) as name:
        tempfile.tempdir = name
        try:
            with _held(Path(name)):
                yield Path(name)
        finally:
            tempfile.tempdir = usual


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Tell other servers that a folder is in use."""
    if fcntl is None:
        yield
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # is let go when the process ends, however it does
        yield
    finally:
        os.close(folder)


def clear(place: Path) -> None:
    """Remove the private folders there that no running server holds."""
    for path in place.glob(f"{FOLDER_PREFIX}*") if fcntl else ():
        with suppress(OSError):  # it is held, or somebody else's
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(folder)


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
