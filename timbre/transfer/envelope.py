"""Dynamics of a transfer: loudness over time between that of the content and the model's.

The root mean square of 50 ms is brought between both in decibels, so that its distance to the
content grows evenly; the spectrum of what sounds stays that of the model.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbre.transfer.memmap import Floats, allocate, release
from timbre.transfer.sounds import Sound
from timbre.transfer.streams import BLOCK_SAMPLES

WINDOW = 0.05  # s, of the root mean square
SOFTEST = 1e-4  # amplitude re the whole's root mean square: what is softer counts as this soft
MOST = 4.0  # times, by which it is made louder: what a model leaves of silence is not lifted out
LEVELLED = "levelled.f32"  # file in the folder that is given


def interpolate(content: Sound, made: Sound, dynamics: float, folder: Path) -> Sound:
    """What a model made, with the dynamics between the content's and its own.

    Args:
        content: not silent, at the rate of `made`.
        made: as many channels, about as long.
        dynamics: 0, those of the content, to 1, those of what was made.
        folder: for the result.

    Returns:
        As long as `made`.
    """
    width = round(WINDOW * made.sample_rate)
    levels = [max(each.level.rms, SOFTEST) for each in (content, made)]
    out = allocate(folder / LEVELLED, made.samples.shape)
    for start in range(0, len(out), BLOCK_SAMPLES):
        stop = min(start + BLOCK_SAMPLES, len(out))
        one, other = (
            _envelope(each.samples, start, stop, width) / level + SOFTEST
            for each, level in zip((content, made), levels, strict=True)
        )
        gain = np.minimum((one / other) ** (1 - dynamics), MOST)
        out[start:stop] = gain[:, None] * made.samples[start:stop]
        for array in (content.samples, made.samples, out):
            release(array)
    return Sound(out, folder / LEVELLED, made.sample_rate)


def _envelope(sound: Floats, start: int, stop: int, width: int) -> NDArray[np.float64]:
    """Root mean square around each sample of a part, of all channels, with silence outside."""
    first, last = start - width // 2, stop + width - width // 2
    found = np.square(sound[max(first, 0) : last].astype(np.float64)).mean(axis=1)
    missing = last - first - len(found) - max(-first, 0)
    power = np.pad(found, (max(-first, 0), max(missing, 0)))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    means = np.maximum(sums[width:] - sums[:-width], 0)[: stop - start] / width
    return np.asarray(np.sqrt(means))
