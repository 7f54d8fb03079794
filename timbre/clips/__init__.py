"""Clips to try transfers with: phrases of thirteen instruments, put together from CC0 notes."""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Clip(NamedTuple):
    """A recording of one instrument, some five seconds long, mono at 32 kHz."""

    name: str  # of the file, without its ending
    title: str  # the instrument
    plays: str  # what kind of phrase
    licence: str  # SPDX
    source: str  # of the notes

    @property
    def path(self) -> Path:
        """The OGG file."""
        return FOLDER / f"{self.name}.ogg"


def clips() -> dict[str, Clip]:
    """All clips by name."""
    rows = json.loads((FOLDER / "clips.json").read_text(encoding="utf-8"))
    return {row["name"]: Clip(**row) for row in rows}
