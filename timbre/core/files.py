"""Atomic writes: a file or folder appears under its name only when it is complete."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timbre.core.errors import InputError

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
    untouched.

    Args:
        path: where the result is to appear; missing parent folders are made.
        folder: whether it is one. A folder that stands there is replaced, but never by a file, nor
            a file by a folder.

    Raises:
        InputError: if something of the other kind stands there, it is write-protected, or the
            path names nothing.
    """
    writable(path, folder=folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    # short, and in letters that every system and codec knows, whatever the name is
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]
    temporary = path.with_name(f".{name}.{os.getpid()}.tmp")
    remember(temporary)
    try:
        yield temporary
        if folder and path.is_dir():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        delete(temporary)


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
    if path.exists() and not os.access(path, os.W_OK):
        raise InputError(f"expected to write {path}, it is write-protected; please mend that.")
    return path


def apart(output: Path, inputs: Iterable[Path]) -> Path:
    """The path of an output, if it is none of the inputs, by whatever name or link.

    Raises:
        InputError: if it is one.
    """
    if any(output.exists() and each.exists() and output.samefile(each) for each in inputs):
        raise InputError(
            f"expected an output of its own, {output} is also an input; please give another name."
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
