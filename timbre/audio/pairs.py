"""Lists of recordings: a line a pair, `content`, `style` and perhaps `target`, parted by tabs.

The form is that of the implementation published with arXiv:2102.05749 (its data.py), which knows no
comments; here empty lines and those that begin with # are passed over.
"""

from pathlib import Path
from typing import NamedTuple

from timbre.core.errors import InputError


class Pair(NamedTuple):
    """Paths of a line, as they are written: relative ones to the folder of the list."""

    content: Path
    style: Path
    target: Path | None


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
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text file of pairs in {path}: {error}; please name another."
        ) from None
    pairs = [
        (number, _pair(line))
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not pairs:
        raise InputError(
            f"expected pairs of recordings in {path}, found no line with any; "
            "please write content, tab, style."
        )
    return pairs


def _pair(line: str) -> Pair | InputError:
    fields = [field.strip() for field in line.strip().split("\t")]
    if len(fields) not in (2, 3) or not all(fields):
        return InputError(
            f"expected content, style and perhaps target parted by tabs, got {len(fields)} "
            "fields or an empty one; please mend the line."
        )
    content, style, *target = map(Path, fields)
    return Pair(content, style, target[0] if target else None)
