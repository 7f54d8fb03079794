"""Refusals: files that are not used, each with its reason."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from timbre.core.errors import InputError
from timbre.core.files import replacing

# what in an error's text differs from run to run, or from machine to machine
_ADDRESS = re.compile(r"\b(0x[0-9a-fA-F]{6,}|\d{12,})\b")
_FOLDER = re.compile(r"(?<![\w.])(/[^\s/'\"]+)+/(?=[^\s/])")


class Refused(NamedTuple):
    """A file that is not used."""

    file: str  # its name in the archive
    reason: str  # a word, for counting
    detail: str = ""  # what the reader said, or which file it is a duplicate of

    @classmethod
    def by(cls, error: Exception, file: str, reason: str) -> Self:
        """A file that an error was raised for, told in the same words by every run."""
        return cls(file, reason, _FOLDER.sub("", _ADDRESS.sub("…", str(error))))


def write(path: Path, refused: Iterable[Refused]) -> None:
    """Write them as CSV with a head, in their order."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Refused._fields)
        writer.writerows(refused)


def read(path: Path) -> list[Refused]:
    """Read what `write` wrote.

    Raises:
        InputError: if it is missing or another table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
            if tuple(head) == Refused._fields and all(len(row) == len(head) for row in rows):
                return [Refused(*row) for row in rows]
    except (FileNotFoundError, ValueError, csv.Error):
        pass
    raise InputError(
        f"expected the list of refused files in {path}; please make it with `./run dvc repro midi`."
    )
