"""Sounds on disk: samples that lie bare in a file, at a rate of their own."""

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from timbre.transfer import loudness, midi_content, streams, writing
from timbre.transfer.memmap import Floats
from timbre.transfer.streams import Level


class Sound:
    """Samples and where they lie; what is measured of them is measured once.

    Args:
        samples: `(L, C)`.
        path: of the file, which may go on after them.
        sample_rate: Hz.
    """

    def __init__(self, samples: Floats, path: Path, sample_rate: int) -> None:
        self.samples, self.path, self.sample_rate = samples, path, sample_rate

    @classmethod
    def from_samples(cls, samples: NDArray[np.float32], path: Path, sample_rate: int) -> Self:
        """Sound of samples `(L, C)` that are in memory, which are written down."""
        samples.tofile(path)
        return cls(samples, path, sample_rate)

    @cached_property
    def channel_levels(self) -> list[Level]:
        """Level of each channel."""
        return streams.levels(self.samples)

    @property
    def level(self) -> Level:
        """Level of all channels together."""
        return streams.together(self.channel_levels)

    def lufs(self) -> float | None:
        """Integrated loudness; None where R128 hears nothing."""
        return loudness.integrated(
            self.path, len(self.samples), self.samples.shape[1], self.sample_rate
        )

    def resampled(self, sample_rate: int, path: Path) -> "Sound":
        """The same at another rate, in another file; itself if it has that rate."""
        if sample_rate == self.sample_rate:
            return self
        with path.open("wb") as file:
            for block in writing.resampled(self.samples, 1.0, self.sample_rate, sample_rate):
                file.write(block.tobytes())
        samples = np.memmap(path, np.float32, "r").reshape(-1, self.samples.shape[1])
        return Sound(samples, path, sample_rate)


def whole(content: Path, source: Sound, sample_rate: int, folder: Path) -> Sound:
    """A content at the rate of the output, with what lies above half the models' rate.

    Args:
        content: the recording or MIDI file.
        source: it at the models' rate, as `timbre.transfer.streams.read` left it in `folder`.
        sample_rate: Hz, of the output.
        folder: for the samples.

    Returns:
        As many channels as `source`; of MIDI, which is played at the models' rate, no more than
        `source` has.
    """
    if sample_rate == source.sample_rate:
        return source
    place = folder / "whole"
    place.mkdir()
    if midi_content.is_midi(content):
        return source.resampled(sample_rate, place / streams.CONTENT_FILE)
    piped = folder / streams.PIPED_FILE  # a pipe can be read once alone
    stereo = source.samples.shape[1] > 1
    samples = streams.read(piped if piped.exists() else content, sample_rate, place, stereo)
    return Sound(samples, place / streams.CONTENT_FILE, sample_rate)
