"""Atomic writes: a file or folder appears under its name only when it is complete."""

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timbre.core.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT)  # errors of a disk that is full, or of which one's share is
_unfinished: set[Path] = set()  # temporary files and folders of this process


def remember(path: Path) -> None:
    """Note a temporary file or folder, to be deleted if the process is ended."""
    _unfinished.add(path)


def delete(path: Path) -> None:
    """Delete a temporary file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    _unfinished.discard(path)


def delete_unfinished() -> None:
    """Delete all that this process has begun to write and not finished."""
    for path in list(_unfinished):
        delete(path)


@contextmanager
def replacing(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Write atomically: give a temporary name beside `path`, renamed to it if the block succeeds.

    After an error nothing is left of the new file or folder, and what stood under `path` before is
    untouched. A link stays one: what it leads to is replaced. Into what is neither a file nor a
    folder, as a pipe or /dev/stdout, the whole result is written in the end.

    Args:
        path: where the result is to appear; missing parent folders are made.
        folder: whether it is one. A folder that stands there is replaced, but never by a file, nor
            a file by a folder.

    Raises:
        InputError: if something of the other kind stands there, it is write-protected, the path
            names nothing, or the disk is full.
    """
    writable(path, folder=folder)
    streamed = not folder and _is_stream(path)
    place = Path(os.path.realpath(path))
    beside = Path(tempfile.gettempdir()) if streamed else place.parent
    # short, and in letters that every system and codec knows, whatever the name is; new, as
    # processes on two machines that share a disk, or in two containers, may have one number
    temporary = beside / f".{os.getpid()}.{secrets.token_hex(6)}.tmp"
    remember(temporary)
    try:
        with unwritable(path, temporary):
            beside.mkdir(parents=True, exist_ok=True)
            yield temporary
            if streamed:
                _pour(temporary, path)
                return
        if place.is_file():
            shutil.copymode(place, temporary)
        if folder and place.is_dir():
            shutil.rmtree(place)
        temporary.replace(place)
    finally:
        delete(temporary)


@contextmanager
def unwritable(path: Path, temporary: Path) -> Iterator[None]:
    """Say of errors of the system why a file cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise InputError(
                f"expected room for {path}, its disk is full; please free some or write elsewhere."
            ) from error
        ours = [os.fspath(each) for each in (path, temporary, *temporary.parents)]
        if error.errno == errno.EPIPE or error.filename in ours:
            raise InputError(
                f"expected to write {path}: {error.strerror}; please mend that or give another "
                "name."
            ) from error
        raise


def _is_stream(path: Path) -> bool:
    """Whether it is a pipe, a device or where standard output goes, which no file may replace."""
    try:
        found = path.stat()
    except OSError:
        return False
    is_other = not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))
    return is_other or _is_standard_output(found)


def _is_standard_output(found: os.stat_result) -> bool:
    try:
        return os.path.samestat(found, os.fstat(sys.__stdout__.fileno()))  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):  # it is closed
        return False


def _pour(source: Path, path: Path) -> None:
    """Write what a file holds into a pipe or a device."""
    with source.open("rb") as file:
        if sys.__stdout__ is not None and _is_standard_output(path.stat()):
            sys.__stdout__.flush()  # opened anew, a file would be begun at its start again
            shutil.copyfileobj(file, sys.__stdout__.buffer)
            sys.__stdout__.flush()
            return
        with path.open("wb") as target:
            shutil.copyfileobj(file, target)


def writable(path: Path, *, folder: bool = False) -> Path:
    """The path, if a file, or a folder, may be written there.

    Raises:
        InputError: as `replacing`.
    """
    if not path.name:
        raise InputError(f"expected the name of a file to write, got {path}; please give one.")
    if path.is_dir() and not folder:
        raise InputError(f"expected a file to write, {path} is a folder; please give another name.")
    if path.exists() and not path.is_dir() and folder:
        raise InputError(f"expected a folder to write, {path} is a file; please give another name.")
    # (who is root may write all; who took all rights away meant it)
    if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & 0o222):
        raise InputError(f"expected to write {path}, it is write-protected; please mend that.")
    if not _is_stream(path):  # it is written beside
        place = Path(os.path.realpath(path))
        above = next(each for each in place.parents if os.path.lexists(each))
        if not above.is_dir():
            raise InputError(
                f"expected to write {path}, {above} is no folder; please give another name."
            )
        if not os.access(above, os.W_OK | os.X_OK):
            raise InputError(
                f"expected to write {path}, its folder {above} is write-protected; "
                "please mend that."
            )
    return path


def apart(output: Path, others: Iterable[Path], kind: str = "input") -> Path:
    """The path of an output, if it is none of the inputs, by whatever name or link.

    Args:
        output: the path.
        others: what it may not be.
        kind: what these are.

    Raises:
        InputError: if it is one.
    """
    for each in others:
        if os.path.realpath(output) == os.path.realpath(each) or (
            output.exists() and each.exists() and output.samefile(each)
        ):
            raise InputError(
                f"expected an output of its own, {output} is also an {kind}; "
                "please give another name."
            )
    return output


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(*parts: Any) -> str:
    """A short name for everything a result depends on.

    Args:
        parts: bytes, or anything that `json` can write; order matters.

    Returns:
        16 hexadecimal digits, equal for equal parts on every machine.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


def write_json(path: Path, values: Any) -> None:
    """Write `values` as JSON, indented, keys in the order given, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n")
