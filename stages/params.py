"""The whole of `params.yaml`, checked at once by every stage before it does anything.

A stage depends on the sections it computes with, not on this module: a schema decides whether
values are accepted, never what comes out.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from audio.examples import Sequences
from audio.midi_source import Midi
from audio.params import Audio, Section, read
from audio.phrases import Phrases
from audio.rendering import Spectrograms
from audio.soundfonts import Soundfonts
from audio.synthesis import FASTEST
from models.params import Systems, Train, Vocoder


class Benchmark(Section):
    """Section `benchmark`: where the test cases come from."""

    source: str  # artificial, or the path of a list of pairs or of a table of recorded notes
    cases: int = Field(ge=1)  # of a table of notes: phrases that are put together
    max_seconds: float = Field(gt=0)  # of a recording in a list of pairs
    phrases: Phrases


class Evaluate(Section):
    """Section `evaluate`."""

    resamples: int = Field(ge=100)  # of the bootstrap
    examples: int = Field(ge=1)  # cases that are kept to hear and see
    limits: dict[str, int]  # of systems that are too slow for all cases: how many they take

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if fewer := [name for name, limit in self.limits.items() if limit < self.examples]:
            raise ValueError(
                f"limits of at least the {self.examples} examples expected, "
                f"got {fewer[0]}: {self.limits[fewer[0]]}"
            )
        return self


class Params(Section):
    """All parameters."""

    seed: int = Field(ge=0)
    audio: Audio
    midi: Midi
    soundfonts: Soundfonts
    sequences: Sequences
    spectrograms: Spectrograms
    train: Train
    vocoder: Vocoder
    benchmark: Benchmark
    systems: Systems
    evaluate: Evaluate

    @model_validator(mode="after")
    def _renderable(self) -> Self:
        factor = self.spectrograms.synthesis.oversampling
        if self.audio.sample_rate * factor > FASTEST:
            raise ValueError(
                f"spectrograms.synthesis.oversampling of at most {FASTEST} Hz / audio.sample_rate "
                f"expected, got {factor} times {self.audio.sample_rate} Hz"
            )
        return self


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsError: naming the dotted key at fault.
    """
    return read(path, Params)
