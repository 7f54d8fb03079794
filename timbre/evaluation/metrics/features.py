"""Features of clips, each computed once however many metrics need it."""

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


class Extractors(NamedTuple):
    """Feature extractors: networks and trackers that hear a clip, given with its rate in Hz."""

    embed: Callable[[Signal, int], Vector]  # of the timbre net, `(E,)`
    family: Callable[[Vector], str]  # that an embedding sounds like
    pitches: Callable[[Signal, int], Pitches | None]  # None where the tracker gave up
    transcribe: Callable[[Signal, int], Transcription]


class ClipFeatures:
    """Features of a clip, computed when first asked for.

    Args:
        sound: `(L,)`.
        sample_rate: Hz.
        extractors: of the features.
    """

    def __init__(self, sound: Signal, sample_rate: int, extractors: Extractors) -> None:
        self._clip, self._extractors = (sound, sample_rate), extractors

    @cached_property
    def sound(self) -> NDArray[np.floating]:
        """The clip at `SAMPLE_RATE`."""
        sound, sample_rate = self._clip
        return resampled(sound.astype(np.float64), sample_rate, SAMPLE_RATE)

    @cached_property
    def mels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log-mel spectrograms without and with the clip's level, see `distances.log_mels`."""
        return log_mels(*self._clip)

    @cached_property
    def embedding(self) -> Vector:
        """The timbre net's embedding, `(E,)`."""
        return self._extractors.embed(*self._clip)

    @cached_property
    def family(self) -> str:
        """The family of instruments that the timbre net hears."""
        return self._extractors.family(self.embedding)

    @cached_property
    def pitches(self) -> Pitches | None:
        """Pitches of each frame, as Melodia follows them."""
        return self._extractors.pitches(*self._clip)

    @cached_property
    def transcription(self) -> Transcription:
        """Notes and frames, as Basic Pitch hears them."""
        return self._extractors.transcribe(*self._clip)


class Reference(NamedTuple):
    """What an output should be like."""

    target: ClipFeatures | None  # the true one, where it is known
    timbre: ClipFeatures  # the target, else the style clip
    sounding: ClipFeatures  # the target, else the content
    notes: Notes | None  # the true ones, where they are known
    family: str  # of the style's instrument; empty where it is not known
