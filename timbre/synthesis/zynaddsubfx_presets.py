"""Presets of ZynAddSubFX that are drawn, and the program that each goes with.

The table beside this file lists those of Debian's zynaddsubfx-data 3.0.6 that play the notes asked
for; `benchmarks.zynaddsubfx` measured them.
"""

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

TABLE = "zynaddsubfx.csv"
HELD_OUT_BANKS = ("olivers-100", "olivers-other")  # of one author, with all families
VALID_SPLIT = "valid"
VALID_EVERY = 10  # so many presets, one is for validation alone


class Listed(NamedTuple):
    """Facts of a preset."""

    program: int  # General MIDI, 0-127: the nearest
    octaves: int  # that its keys are to be above the notes, for it sounds so far below its keys


@lru_cache(maxsize=1)
def listed() -> dict[str, Listed]:
    """The presets by their paths below the banks."""
    with (Path(__file__).parent / TABLE).open(newline="", encoding="utf-8") as file:
        return {
            row["preset"]: Listed(int(row["program"]), int(row["octaves"]))
            for row in csv.DictReader(file)
        }


@lru_cache(maxsize=4)
def names(*, held_out: bool, valid: bool) -> tuple[str, ...]:
    """The presets of the banks that are held out or of the others, for validation or not."""
    presets = [name for name in listed() if (name.split("/")[0] in HELD_OUT_BANKS) == held_out]
    return tuple(name for index, name in enumerate(presets) if (index % VALID_EVERY == 0) == valid)


def draw(rng: np.random.Generator, split: str, *, held_out: bool) -> str:
    """Draw a preset: validation has some that no other split has.

    Args:
        rng: where chance comes from.
        split: one of `timbre.synthesis.soundfonts.SPLITS`.
        held_out: from the banks that are held out, or from all others.
    """
    presets = names(held_out=held_out, valid=split == VALID_SPLIT)
    return presets[int(rng.integers(len(presets)))]
