"""Signals: arrays of samples, their level, and FLAC bytes."""

import io

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Signal = NDArray[np.float32]  # (L,) in [-1, 1]
SILENCE = 1e-4  # peak, -80 dB re full scale: above it lies what a 16-bit recorder adds by itself


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


def resampled(audio: Signal, sample_rate: int, wanted: int) -> Signal:
    """A clip `(L,)` at another rate; itself if it has that.

    Args:
        audio: the clip.
        sample_rate: Hz, that it has.
        wanted: Hz.
    """
    if sample_rate == wanted:
        return audio
    made: Signal = soxr.resample(audio, sample_rate, wanted)
    return made
