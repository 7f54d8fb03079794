"""The whole of `params.yaml`, checked at once by every stage before it does anything.

A stage depends on the sections it computes with, not on this module: a schema decides whether
values are accepted, never what comes out.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from stages.agreements import faults
from timbre.core.params import Audio, Section, read
from timbre.dataset.examples import Sequences
from timbre.evaluation.cases.phrases import Phrases
from timbre.evaluation.systems.registry import Systems
from timbre.models.registry import Train
from timbre.models.vocoder.settings import VocoderSettings
from timbre.music.sources import Midi
from timbre.rendering.rendering import Spectrograms
from timbre.synthesis.soundfonts import Soundfonts


class Benchmark(Section):
    """Section `benchmark`: where the test cases come from."""

    source: str  # artificial, or the path of a list of pairs or of a table of recorded notes
    cases: int = Field(ge=1)  # of a table of notes: phrases that are put together
    max_seconds: float = Field(gt=0)  # of a recording in a list of pairs
    phrases: Phrases


class Transfer(Section):
    """Section `transfer`: which test cases systems take."""

    examples: int = Field(ge=1)  # cases that are kept to hear and see
    limits: dict[str, int]  # how many the slow systems take, and those with wrong styles; 0: all

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if fewer := [name for name, limit in self.limits.items() if 0 < limit < self.examples]:
            raise ValueError(
                f"limits of at least the {self.examples} examples expected, "
                f"got {fewer[0]}: {self.limits[fewer[0]]}"
            )
        return self


class Evaluation(Section):
    """Section `evaluation`: what is scored beside the systems of the pipeline."""

    outside: str  # folder of systems' outputs: a folder each, of files named like the cases


class Report(Section):
    """Section `report`."""

    resamples: int = Field(ge=100)  # of the bootstrap


class Params(Section):
    """All parameters."""

    seed: int = Field(ge=0, lt=1 << 63)  # what PyTorch takes
    audio: Audio
    midi: Midi
    soundfonts: Soundfonts
    sequences: Sequences
    spectrograms: Spectrograms
    train: Train
    vocoder: VocoderSettings
    benchmark: Benchmark
    systems: Systems
    transfer: Transfer
    evaluation: Evaluation
    report: Report

    @model_validator(mode="after")
    def _agreeing(self) -> Self:
        for fault in faults(self):
            raise ValueError(fault)
        return self


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsError: naming the dotted key at fault.
    """
    return read(path, Params)
