"""Temporary folders of transfers: those of killed processes are removed, a full disk is named."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from timbre.core.errors import InputError
from timbre.core.files import delete, remember

FOLDER_PREFIX = "timbre-transfer-"
DISK_FULL_BYTES = 1 << 20  # bytes free, below which a disk is full
NAME_SEPARATOR = "-"  # between the process and what makes the name new


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Temporary folder, deleted afterwards; those that killed processes left are deleted too."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{FOLDER_PREFIX}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}{NAME_SEPARATOR}"))
    remember(folder)
    try:
        yield folder
    finally:
        delete(folder)


def _is_left(folder: Path) -> bool:
    """Whether the process that made a folder is ours and is no more."""
    if not hasattr(os, "getuid"):  # on Windows, where asking for a process would end it
        return False
    number = folder.name.removeprefix(FOLDER_PREFIX).partition(NAME_SEPARATOR)[0]
    try:
        if not number.isdecimal() or folder.stat().st_uid != os.getuid():
            return False
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def unwritten(out: Path, error: Exception) -> InputError:
    """Error of an output that could not be written, whatever a codec said."""
    folder = Path(tempfile.gettempdir())
    if _is_full(folder):
        return InputError(
            f"expected room in the temporary folder {folder}, it is full; please free some, or "
            "name another folder in the environment variable TMPDIR."
        )
    if _is_full(out.absolute().parent):
        return InputError(
            f"expected room for {out}, its disk is full; please free some or write elsewhere."
        )
    return InputError(f"expected to write {out}: {error}; please mend that or give another name.")


def _is_full(folder: Path) -> bool:
    try:
        total, _, free = shutil.disk_usage(folder)
        return total > 0 and free < DISK_FULL_BYTES  # /proc has none at all
    except OSError:
        return False
