"""Sources of timbres beside soundfonts: which presets each has, and how one is drawn.

What a preset of theirs sounds like `audio.sources` knows.
"""

from typing import NamedTuple, Protocol

import numpy as np

from audio.soundfonts import SPLITS, SYNTHESIZER
from audio.synthesizer_presets import Preset, draw_preset

NUMBERS = 2**40  # presets of a split


class Named(NamedTuple):
    """A preset as a table of examples tells it."""

    name: str  # by which its source finds it
    program: int  # General MIDI, 0-127: what it is nearest to, and so its family


class Draw(Protocol):
    """Draws a preset of one source for a split.

    A split that is to be unseen gets presets that no other one gets.
    """

    def __call__(self, rng: np.random.Generator, seed: int, split: str) -> Named:
        """Draw one.

        Args:
            rng: where chance comes from.
            seed: the experiment's.
            split: one of `audio.soundfonts.SPLITS`.
        """


def _synthesizer(rng: np.random.Generator, seed: int, split: str) -> Named:
    """Each split has numbers of its own."""
    number = int(rng.integers(NUMBERS)) * len(SPLITS) + SPLITS.index(split)
    return Named(synthesizer_name(seed, number), draw_preset(seed, number).program)


def synthesizer_name(seed: int, number: int) -> str:
    """The name of the synthesizer's preset, of which `synthesizer_preset` makes it again."""
    return f"{seed}/{number}"


def synthesizer_preset(name: str) -> Preset:
    """The synthesizer's preset of a name."""
    seed, number = name.split("/")
    return draw_preset(int(seed), int(number))


DRAWN: dict[str, Draw] = {SYNTHESIZER: _synthesizer}  # the sources by their names
