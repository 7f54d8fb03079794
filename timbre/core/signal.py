"""Signals: arrays of samples, their level, and FLAC bytes."""

import io

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Signal = NDArray[np.float32]  # (L,) in [-1, 1]
SILENCE_PEAK = 1e-4  # -80 dB re full scale: above it lies what a 16-bit recorder adds

MOST = 1e10  # beyond any scale that samples are written in, so that their squares are finite


def is_sound(samples: NDArray[np.floating]) -> bool:
    """Whether all are finite numbers of a size that samples may have."""
    if not np.isfinite(samples).all():
        return False
    return float(np.abs(samples).max(initial=0)) <= MOST


def at_level(audio: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
    """Scale to an RMS of `level_db` re full scale, or less where the peak would pass .99.

    Silence stays silence.
    """
    rms = float(np.sqrt(np.mean(audio**2)))
    if rms == 0:
        return audio
    gain = min(10 ** (level_db / 20) / rms, 0.99 / float(np.abs(audio).max()))
    return audio * gain


def flac(audio: NDArray[np.floating], sample_rate: int) -> bytes:
    """Audio `(L,)` in [-1, 1] as a FLAC file of 16 bits."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, sample_rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def resampled(audio: Signal, sample_rate: int, new_rate: int) -> Signal:
    """A clip `(L,)` at another rate; itself if it has that.

    Args:
        audio: the clip.
        sample_rate: Hz, that it has.
        new_rate: Hz.
    """
    if sample_rate == new_rate:
        return audio
    output: Signal = soxr.resample(audio, sample_rate, new_rate)
    return output


RUMBLE_SECONDS = 0.05  # of the mean that is taken out: what lies below 20 Hz goes
CANCELLATION_SHARE = 0.25  # share of the power that unrelated channels would keep in their mean


def without_rumble(sound: NDArray[np.floating], sample_rate: int) -> NDArray[np.float64]:
    """High-pass filter against offset and rumble, `(L,)` or `(L, C)`, without shifting phases.

    A triangular mean of a tenth of a second is subtracted: 20 Hz and above stay within 0.4 dB.
    """
    width = max(3, round(RUMBLE_SECONDS * sample_rate) | 1)
    mean = sound.astype(np.float64)
    for _ in range(2):
        edges = [(width // 2, width // 2), *([(0, 0)] * (sound.ndim - 1))]
        padded = np.pad(mean, edges, mode="symmetric")
        sums = np.concatenate([np.zeros_like(padded[:1]), np.cumsum(padded, axis=0)])
        mean = (sums[width:] - sums[:-width]) / width
    return np.asarray(sound - mean, np.float64)


def mixing(power: NDArray[np.float64], together: float) -> NDArray[np.float64]:
    """Downmix weights of channels, so that nothing audible vanishes.

    Their mean, unless they cancel in it, as those of opposite sign do: then the loudest alone.

    Args:
        power: of each channel, `(C,)`.
        together: of their mean.

    Returns:
        `(C,)`, summing to 1.
    """
    count = len(power)
    if together >= CANCELLATION_SHARE * power.sum() / count**2:
        return np.full(count, 1 / count)
    weights: NDArray[np.float64] = np.eye(count)[int(power.argmax())]
    return weights
