"""Strength of a transfer: from the content itself to what the model made of it, in even steps.

Each bin of a spectrogram lies between both in decibels, so that the log-spectral distance to the
content grows with the strength, and that to the model's output falls with it. Phases are those of
the sum of both, as of two sounds at once, of which the louder one is followed.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbre.core.signal import Signal
from timbre.runtime.spectra import Spectrum, hann, istft, stft
from timbre.transfer.memmap import Floats, allocate, release
from timbre.transfer.sounds import Sound
from timbre.transfer.streams import BLOCK_SAMPLES

WINDOW_SECONDS = 0.064  # of the spectrogram: partials of low notes lie apart
WINDOWS_PER_SAMPLE = 4  # windows in which a sample lies
MIN_AMPLITUDE = 1e-6  # amplitude re full scale: what is softer counts as this soft
MAX_BIN_GAIN = 10.0  # times that a bin of the sum is lifted at most, where both cancel
MIXED_FILE, RESAMPLED_FILE = "mixed.f32", "resampled.f32"  # files in the folder that is given


def interpolate(content: Sound, output: Sound, strength: float, top: float, folder: Path) -> Sound:
    """Sound at some strength between a content and what a model made of it.

    Args:
        content: not silent.
        output: as many channels at any level and rate, about as long; what is missing at the end is
            silence.
        strength: between 0, where it is the content, and 1, where it is what was made.
        top: Hz, above which the model makes nothing: there the content fades linearly.
        folder: for the result.

    Returns:
        At the rate and the length of the content.
    """
    sample_rate, dry = content.sample_rate, content.samples
    output = output.resampled(sample_rate, folder / RESAMPLED_FILE)
    wet = output.samples
    window = 1 << round(np.log2(WINDOW_SECONDS * sample_rate))
    hop = window // WINDOWS_PER_SAMPLE
    audible = np.fft.rfftfreq(window, 1 / sample_rate) <= top
    level = content.level.rms / max(output.level.rms, MIN_AMPLITUDE)
    out = allocate(folder / MIXED_FILE, dry.shape)
    for start in range(0, len(dry), BLOCK_SAMPLES):
        # with a window's length on both sides every block is what the whole would be
        first, stop = max(start - window, 0), start + BLOCK_SAMPLES + window
        pair = [_part(dry, first, stop), level * _part(wet, first, stop)]
        sound = np.stack(
            [
                _mixed(one, other, strength, audible, window, hop)
                for one, other in zip(*(each.T for each in pair), strict=True)
            ],
            axis=1,
        )
        end = min(start + BLOCK_SAMPLES, len(dry))
        out[start:end] = sound[start - first : end - first]
        for array in (dry, wet, out):
            release(array)
    return Sound(out, folder / MIXED_FILE, sample_rate)


def _mixed(
    dry: Signal,
    wet: Signal,
    strength: float,
    audible: NDArray[np.bool_],
    window: int,
    hop: int,
) -> Signal:
    """One channel of a block: `(L,)` each."""
    one, other = (stft(sound, window, hop) for sound in (dry, wet))
    total = np.float32(1 - strength) * one + np.float32(strength) * other
    level = _soft(one) ** np.float32(1 - strength) * _soft(other) ** np.float32(strength)
    gain = np.where(audible, np.minimum(level / _soft(total), np.float32(MAX_BIN_GAIN)), 1)
    return istft((gain * total).astype(np.complex64), window, hop, len(dry))


def _soft(spectrum: Spectrum) -> NDArray[np.float32]:
    """Magnitudes re a sine of amplitude 1, none of them below `MIN_AMPLITUDE`."""
    scale = np.float32(2 / hann(2 * (spectrum.shape[1] - 1)).sum())
    return np.maximum(np.abs(spectrum) * scale, np.float32(MIN_AMPLITUDE))


def _part(sound: Floats, start: int, stop: int) -> NDArray[np.float32]:
    """A part of a sound, with silence after its end."""
    part = sound[start:stop].astype(np.float32)
    return np.pad(part, [(0, stop - start - len(part)), (0, 0)])
