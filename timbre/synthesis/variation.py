"""Timbres made at random from those of a soundfont: layers, envelopes, filters, formants.

A model that has heard a few banks knows their instruments; one that is to meet any instrument has
to have heard many more than there are banks.
"""

import json
from typing import NamedTuple, Self

import numpy as np
from pydantic import Field

from timbre.core.params import Section

# generators of the SoundFont 2.04 specification, section 8.1.2, which FluidSynth adds to a sound's
VIBRATO, CUTOFF, RESONANCE = 6, 8, 9  # cents; cents; centibels
VIBRATO_RATE = 24  # cents re 8.176 Hz
ATTACK, DECAY, SUSTAIN, RELEASE = 34, 36, 37, 38  # timecents; the third is centibels of attenuation
ATTENUATION = 48  # centibels

PITCHED_PROGRAMS = 112  # programs that are no percussion and no sound effect


class Variations(Section):
    """Section `sequences.variation`: how often a timbre is varied, and how far."""

    layered: float = Field(ge=0, le=1)  # chance of a second program that plays along
    shaped: float = Field(ge=0, le=1)  # chance of another envelope, filter or vibrato
    formants: float = Field(ge=0, le=1)  # chance of playing at another pitch, resampled back
    max_formants: int = Field(ge=1, le=12)  # semitones


class Variation(NamedTuple):
    """Variation of a program of a soundfont; as it is if nothing is given.

    Attributes:
        layer: a second program, or None.
        balance: centibels by which the second is louder than the first.
        generators: SoundFont generators and what is added to them.
        formants: semitones by which all that is in the recorded waves is moved, pitch apart.
    """

    layer: int | None = None
    balance: float = 0.0
    generators: tuple[tuple[int, float], ...] = ()
    formants: int = 0

    def dumps(self) -> str:
        """The variation as text for a table; empty if there is none."""
        return "" if self == Variation() else json.dumps(self)

    @classmethod
    def loads(cls, text: str) -> Self:
        """Variation that `dumps` wrote."""
        if not text:
            return cls()
        layer, balance, generators, formants = json.loads(text)
        return cls(layer, balance, tuple((int(n), float(v)) for n, v in generators), formants)


def draw(rng: np.random.Generator, settings: Variations) -> Variation:
    """Draw how a timbre is varied.

    The ranges leave a sound that plays its notes: an attack of half a second at most after one of
    a millisecond, a filter that opens at 1 kHz at least, a vibrato of half a semitone at most.
    """
    layered, shaped, moved = rng.random(3) < (settings.layered, settings.shaped, settings.formants)
    generators: list[tuple[int, float]] = []
    if shaped:
        possible = [
            (ATTACK, rng.uniform(0, 10800)),
            (DECAY, rng.uniform(-6000, 6000)),
            (SUSTAIN, rng.uniform(0, 300)),
            (RELEASE, rng.uniform(-2400, 3600)),
            (CUTOFF, -rng.uniform(0, 4800)),
            (RESONANCE, rng.uniform(0, 150)),
            (VIBRATO, rng.uniform(0, 50)),
            (VIBRATO_RATE, rng.uniform(-600, 600)),
        ]
        mask = rng.random(len(possible)) < 0.4
        generators = [(n, round(v, 1)) for (n, v), t in zip(possible, mask, strict=True) if t]
    return Variation(
        layer=int(rng.integers(PITCHED_PROGRAMS)) if layered else None,
        balance=round(float(rng.uniform(-120, 120)), 1) if layered else 0.0,
        generators=tuple(generators),
        formants=int(rng.choice([-1, 1]) * rng.integers(1, settings.max_formants + 1))
        if moved
        else 0,
    )
