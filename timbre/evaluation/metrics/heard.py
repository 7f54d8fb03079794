"""Clips as metrics hear them: what several metrics need of a clip is computed once."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbre.core.notes import Notes
from timbre.core.signal import Signal, resampled
from timbre.evaluation.metrics.basic_pitch import Transcription
from timbre.evaluation.metrics.distances import SAMPLE_RATE, log_mels
from timbre.evaluation.metrics.melodia import Pitches

Vector = NDArray[np.float32]


class Ears(NamedTuple):
    """Networks and trackers that hear a clip, given with its rate in Hz."""

    embed: Callable[[Signal, int], Vector]  # of the timbre net, `(E,)`
    family: Callable[[Vector], str]  # that an embedding sounds like
    pitches: Callable[[Signal, int], Pitches | None]  # None where the tracker gave up
    transcribe: Callable[[Signal, int], Transcription]


class Heard:
    """A clip, and lazily what is heard in it.

    Args:
        sound: `(L,)`.
        sample_rate: Hz.
        ears: what hears it.
    """

    def __init__(self, sound: Signal, sample_rate: int, ears: Ears) -> None:
        self._given, self._ears = (sound, sample_rate), ears

    @cached_property
    def sound(self) -> NDArray[np.floating]:
        """The clip at `SAMPLE_RATE`."""
        sound, sample_rate = self._given
        return resampled(sound.astype(np.float64), sample_rate, SAMPLE_RATE)

    @cached_property
    def mels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log-mel spectrograms without and with the clip's level, see `distances.log_mels`."""
        return log_mels(*self._given)

    @cached_property
    def embedding(self) -> Vector:
        """The timbre net's embedding, `(E,)`."""
        return self._ears.embed(*self._given)

    @cached_property
    def family(self) -> str:
        """The family of instruments that the timbre net hears."""
        return self._ears.family(self.embedding)

    @cached_property
    def pitches(self) -> Pitches | None:
        """Pitches of each frame, as Melodia follows them."""
        return self._ears.pitches(*self._given)

    @cached_property
    def transcription(self) -> Transcription:
        """Notes and frames, as Basic Pitch hears them."""
        return self._ears.transcribe(*self._given)


class Reference(NamedTuple):
    """What an output should be like."""

    target: Heard | None  # the true one, where it is known
    timbre: Heard  # the target, else the style clip
    sounding: Heard  # the target, else the content
    notes: Notes | None  # the true ones, where they are known
    family: str  # of the style's instrument; empty where it is not known
