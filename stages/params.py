"""The whole of `params.yaml`, checked at once by every stage before it does anything.

A stage depends on the sections it computes with, not on this module: a schema decides whether
values are accepted, never what comes out.
"""

from pathlib import Path

from pydantic import Field

from audio.examples import Sequences
from audio.midi_source import Midi
from audio.params import Audio, Section, read
from audio.rendering import Spectrograms
from audio.soundfonts import Soundfonts
from models.params import Train, Vocoder


class Evaluate(Section):
    """Section `evaluate`."""

    resamples: int = Field(ge=100)  # of the bootstrap
    examples: int = Field(ge=1)  # cases that are kept to hear and see


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
    evaluate: Evaluate


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check the parameters.

    Raises:
        ParamsError: naming the dotted key at fault.
    """
    return read(path, Params)
