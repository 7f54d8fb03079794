"""Lists of recordings: a line a pair, `content`, `style` and perhaps `target`, parted by tabs.

The form is that of the implementation published with arXiv:2102.05749 (its data.py), which knows no
comments; here empty lines and those that begin with # are passed over. A first line of these words,
and of `output`, names the columns: then they may stand in any order, and there may be a name for
each output.
"""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from timbre.core.errors import InputError

COLUMNS = ("content", "style", "target", "output")
USUAL = (("content", "style"), ("content", "style", "target"))  # columns of lists that name none
OPTIONAL = ("target", "output")  # columns that a line may leave empty


class Pair(NamedTuple):
    """Paths of a line, as they are written: relative ones to the folder of the list."""

    content: Path
    style: Path
    target: Path | None = None
    output: Path | None = None  # relative to the folder of the outputs

    def inputs(self) -> list[Path]:
        """What is read."""
        return [self.content, self.style, *([] if self.target is None else [self.target])]


def read(path: Path) -> list[tuple[int, Pair | InputError]]:
    """Pairs of a list.

    Args:
        path: of the list.

    Returns:
        Line numbers from 1, with a pair or what is wrong with the line.

    Raises:
        InputError: if the list cannot be read or has no line of that kind.
    """
    try:
        lines = re.split("\r\n|\n|\r", _text(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected a text file of pairs in {path}: {error}; please name another."
        ) from None
    numbered = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    columns = _named_columns(numbered[0][1]) if numbered else None
    if columns:
        del numbered[0]
    if not numbered:
        raise InputError(
            f"expected pairs of recordings in {path}, found no line with any; "
            "please write content, tab, style."
        )
    return [(number, _pair(line, columns)) for number, line in numbered]


def _text(data: bytes) -> str:
    """A list's text. Names in another encoding than UTF-8 stay the bytes that they are."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as spreadsheets write it
        return data.decode("utf-16")
    if b"\0" in data:  # as recordings have, given in place of a list
        raise ValueError("it holds bytes that are no text")
    return data.decode("utf-8-sig", errors="surrogateescape")


def _named_columns(line: str) -> tuple[str, ...] | None:
    """Columns that a line names, if it does nothing else."""
    words = tuple(word.strip().lower() for word in line.strip().split("\t"))
    is_header = set(words) <= set(COLUMNS) and {"content", "style"} <= set(words)
    return words if is_header and len(set(words)) == len(words) else None


def _pair(line: str, columns: tuple[str, ...] | None) -> Pair | InputError:
    optional: tuple[str, ...] = ()
    kinds: tuple[str, ...] | None
    if columns is None:
        fields = [field.strip() for field in line.strip().split("\t")]
        kinds = next((kinds for kinds in USUAL if len(kinds) == len(fields)), None)
        wanted = "content, style and perhaps target"
    else:
        fields = [field.strip() for field in line.split("\t")]
        while len(fields) > len(columns) and not fields[-1]:  # as spreadsheets fill lines up
            del fields[-1]
        fields += [""] * (len(columns) - len(fields))
        kinds = columns if len(columns) == len(fields) else None
        wanted, optional = ", ".join(columns), OPTIONAL
    if kinds is None or not all(
        field or kind in optional for kind, field in zip(kinds, fields, strict=True)
    ):
        return InputError(
            f"expected {wanted} parted by tabs, got {len(fields)} fields or an empty one; "
            "please mend the line."
        )
    found = {kind: Path(field) for kind, field in zip(kinds, fields, strict=True) if field}
    return Pair(found["content"], found["style"], found.get("target"), found.get("output"))
