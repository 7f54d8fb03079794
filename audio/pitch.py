"""Which pitches sound: a multi-pitch estimator without trained weights.

After Klapuri, "Multiple fundamental frequency estimation by summing harmonic amplitudes", ISMIR
2006: the spectrum is whitened, each candidate's salience is a weighted sum over its harmonics, and
the best candidate is taken out of the spectrum before the next is looked for. Candidates are the
semitones themselves, as the scores here are.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

WINDOW_SECONDS = 0.186  # the paper's longer analysis window
HARMONICS = 20
WHITENING = 0.33  # exponent of the band energies, the paper's nu
ALPHA, BETA = 52.0, 320.0  # Hz, weights of harmonics for the longer window
SUBTRACT = 0.89  # share of a found pitch that is taken out, the paper's d
POLYPHONY = 0.7  # exponent that decides how many pitches sound, the paper's gamma
MAX_PITCHES = 6  # in a frame
LOWEST, HIGHEST = 28, 100  # MIDI pitches, E1 to E7
SILENCE_DB = -40.0  # frames this far below the loudest have no pitch
TOLERANCE = 2 ** (1 / 36)  # a partial may lie a third of a semitone off


@lru_cache(maxsize=2)
def _partials(
    sample_rate: int, n_fft: int
) -> tuple[NDArray[np.int_], NDArray[np.float64], NDArray[np.float64]]:
    """What a candidate's harmonics are.

    Returns:
        Bin ranges `(P H, 2)` and weights `(P, H)` of the harmonics of each candidate, and what is
        left of the spectrum when the candidate is taken out, `(P, F)`.
    """
    pitches = np.arange(LOWEST, HIGHEST + 1)
    f0 = 440.0 * 2 ** ((pitches - 69) / 12)
    harmonics = np.arange(1, HARMONICS + 1)
    frequency = f0[:, None] * harmonics
    scale = n_fft / sample_rate
    low = np.floor(frequency / TOLERANCE * scale + 0.5).astype(int)
    high = np.ceil(frequency * TOLERANCE * scale + 0.5).astype(int)
    last = n_fft // 2
    weights = (f0[:, None] + ALPHA) / (frequency + BETA)
    weights[low >= last] = 0
    left = np.ones((len(pitches), last + 1))
    for pitch, harmonic in zip(*np.nonzero(weights), strict=True):
        around = slice(low[pitch, harmonic] - 1, high[pitch, harmonic] + 1)
        left[pitch, around] = np.minimum(
            left[pitch, around], 1 - SUBTRACT * weights[pitch, harmonic]
        )
    ranges = np.stack([low, np.maximum(high, low + 1)], axis=-1).reshape(-1, 2)
    return np.minimum(ranges, last), weights, left


def _whitened(
    audio: NDArray[np.floating], sample_rate: int, hop_length: int
) -> NDArray[np.float64]:
    """Flattened magnitudes `(F, T)`, zero in silent frames."""
    n_fft = 2 ** int(np.ceil(np.log2(WINDOW_SECONDS * sample_rate)))
    padded = np.pad(audio.astype(np.float64), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    frames = frames[: len(audio) // hop_length]
    spectrum = np.abs(scipy.fft.rfft(frames * np.hanning(n_fft), axis=1)).T
    power = spectrum**2
    # third-octave bands from 30 Hz on, their gains interpolated between the centers
    centers = 30.0 * 2 ** (np.arange(25) / 3)
    centers = centers[centers < sample_rate / 2]
    frequency = np.linspace(0, sample_rate / 2, len(spectrum))
    edges = np.concatenate([[centers[0] / 1.26], centers, [centers[-1] * 1.26]])
    bands = np.maximum(
        0,
        np.minimum(
            (frequency - edges[:-2, None]) / np.diff(edges[:-1])[:, None],
            (edges[2:, None] - frequency) / np.diff(edges[1:])[:, None],
        ),
    )
    bands /= np.maximum(bands.sum(axis=1, keepdims=True), 1)
    deviation = np.sqrt(bands @ power) + 1e-12
    gains = deviation ** (WHITENING - 1)
    flat: NDArray[np.float64] = spectrum * np.stack(
        [np.interp(frequency, centers, gain) for gain in gains.T], axis=1
    )
    level = 10 * np.log10(power.sum(axis=0) + 1e-12)
    flat[:, level < level.max(initial=-120) + SILENCE_DB] = 0
    return flat


def pitches(audio: NDArray[np.floating], sample_rate: int, hop_length: int) -> NDArray[np.bool_]:
    """The pitches that sound in each frame.

    Args:
        audio: `(L,)`.
        sample_rate: Hz.
        hop_length: samples between frames.

    Returns:
        `(128, T)`, MIDI pitch by frame, `T = L // hop_length`.
    """
    magnitude = _whitened(audio, sample_rate, hop_length)
    n_fft = 2 * (len(magnitude) - 1)
    ranges, weights, left = _partials(sample_rate, n_fft)
    count, frames = len(weights), magnitude.shape[1]
    found = np.zeros((128, frames), bool)
    kept = np.zeros(frames)
    best_score = np.zeros(frames)
    sounding = magnitude.any(axis=0)
    order = []
    for number in range(1, MAX_PITCHES + 1):
        peaks = np.maximum.reduceat(
            np.vstack([magnitude, np.zeros((1, frames))]), ranges.ravel(), axis=0
        )[::2].reshape(count, HARMONICS, frames)
        weighted = weights[:, :, None] * peaks
        salience = weighted.sum(axis=1)
        chosen = salience.argmax(axis=0)
        kept += np.where(sounding, salience[chosen, np.arange(frames)], 0)
        score = kept / number**POLYPHONY
        sounding &= score > best_score
        best_score = np.maximum(best_score, score)
        order.append((chosen, sounding.copy()))
        magnitude *= left[chosen].T
        if not sounding.any():
            break
    for chosen, sounds in order:
        found[LOWEST + chosen[sounds], np.flatnonzero(sounds)] = True
    return found
