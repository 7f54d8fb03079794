"""Sources of timbres beside soundfonts: which presets each has, and how one is drawn.

What a preset of theirs sounds like `timbre.synthesis.sources` knows.
"""

from typing import NamedTuple, Protocol

import numpy as np

from timbre.synthesis import zynaddsubfx_presets
from timbre.synthesis.soundfonts import SPLITS, SYNTHESIZER, ZYNADDSUBFX, ZYNADDSUBFX_HELD_OUT
from timbre.synthesis.synthesizer_drawing import draw_preset
from timbre.synthesis.synthesizer_presets import Preset

PRESET_COUNT = 2**40  # presets of a split


class DrawnPreset(NamedTuple):
    """A preset as a table of examples tells it."""

    name: str  # by which its source finds it
    program: int  # General MIDI, 0-127: what it is nearest to, and so its family


class Draw(Protocol):
    """Draws a preset of one source for a split.

    A split that is to be unseen gets presets that no other one gets.
    """

    def __call__(self, rng: np.random.Generator, seed: int, split: str) -> DrawnPreset:
        """Draw one.

        Args:
            rng: where chance comes from.
            seed: the experiment's.
            split: one of `timbre.synthesis.soundfonts.SPLITS`.
        """


def _synthesizer(rng: np.random.Generator, seed: int, split: str) -> DrawnPreset:
    """Each split has numbers of its own."""
    number = int(rng.integers(PRESET_COUNT)) * len(SPLITS) + SPLITS.index(split)
    return DrawnPreset(synthesizer_name(seed, number), draw_preset(seed, number).program)


def synthesizer_name(seed: int, number: int) -> str:
    """The name of the synthesizer's preset, of which `synthesizer_preset` makes it again."""
    return f"{seed}/{number}"


def synthesizer_preset(name: str) -> Preset:
    """The synthesizer's preset of a name."""
    seed, number = name.split("/")
    return draw_preset(int(seed), int(number))


def _zynaddsubfx(*, held_out: bool) -> Draw:
    """Draws from the banks that are held out, or from all others; any seed has the same presets."""

    def draw(rng: np.random.Generator, seed: int, split: str) -> DrawnPreset:
        name = zynaddsubfx_presets.draw(rng, split, held_out=held_out)
        return DrawnPreset(name, zynaddsubfx_presets.listed()[name].program)

    return draw


DRAWN_SOURCES: dict[str, Draw] = {  # the sources by their names
    SYNTHESIZER: _synthesizer,
    ZYNADDSUBFX: _zynaddsubfx(held_out=False),
    ZYNADDSUBFX_HELD_OUT: _zynaddsubfx(held_out=True),
}
