"""Which pitches sound: a multi-pitch estimator without trained weights.

After Klapuri, "Multiple fundamental frequency estimation by summing harmonic amplitudes", ISMIR
2006: the spectrum is whitened, each candidate's salience is a weighted sum over its harmonics, and
the best candidate is taken out of the spectrum before the next is looked for. Candidates are the
semitones themselves, as the scores here are.
"""

from functools import lru_cache
from typing import NamedTuple

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


class _Partials(NamedTuple):
    """What the harmonics of the candidates `P` are, in a spectrum of `F` bins."""

    low: NDArray[np.int_]  # `(P, H)`, first bin in which a harmonic may lie
    last: NDArray[np.int_]  # `(P, H)`, where the last window of `2 ** level` bins begins
    level: NDArray[np.int_]  # `(P, H)`, two such windows cover the range
    weights: NDArray[np.float32]  # `(P, H)`, 0 beyond the spectrum
    left: NDArray[np.float32]  # `(P, F)`, what is left when the candidate is taken out


@lru_cache(maxsize=2)
def _partials(sample_rate: int, n_fft: int) -> _Partials:
    """The harmonics of the semitones."""
    pitches = np.arange(LOWEST, HIGHEST + 1)
    f0 = 440.0 * 2 ** ((pitches - 69) / 12)
    harmonics = np.arange(1, HARMONICS + 1)
    frequency = f0[:, None] * harmonics
    scale = n_fft / sample_rate
    low = np.floor(frequency / TOLERANCE * scale + 0.5).astype(int)
    high = np.ceil(frequency * TOLERANCE * scale + 0.5).astype(int)
    end = n_fft // 2
    weights = (f0[:, None] + ALPHA) / (frequency + BETA)
    weights[low >= end] = 0
    left = np.ones((len(pitches), end + 1))
    for pitch, harmonic in zip(*np.nonzero(weights), strict=True):
        around = slice(low[pitch, harmonic] - 1, high[pitch, harmonic] + 1)
        left[pitch, around] = np.minimum(
            left[pitch, around], 1 - SUBTRACT * weights[pitch, harmonic]
        )
    low = np.minimum(low, end)
    width = np.clip(high, low + 1, end + 1) - low
    level = np.log2(width).astype(int)
    return _Partials(
        low, low + width - 2**level, level, weights.astype(np.float32), left.astype(np.float32)
    )


@lru_cache(maxsize=2)
def _bands(sample_rate: int, n_fft: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Third-octave bands from 30 Hz on, `(B, F)`, and interpolation between them, `(F, B)`."""
    centers = 30.0 * 2 ** (np.arange(25) / 3)
    centers = centers[centers < sample_rate / 2]
    frequency = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)
    edges = np.concatenate([[centers[0] / 1.26], centers, [centers[-1] * 1.26]])
    bands = np.maximum(
        0,
        np.minimum(
            (frequency - edges[:-2, None]) / np.diff(edges[:-1])[:, None],
            (edges[2:, None] - frequency) / np.diff(edges[1:])[:, None],
        ),
    )
    bands /= np.maximum(bands.sum(axis=1, keepdims=True), 1)
    between = np.stack([np.interp(frequency, centers, one) for one in np.eye(len(centers))], axis=1)
    return bands, between


def _whitened(
    audio: NDArray[np.floating], sample_rate: int, hop_length: int
) -> NDArray[np.float32]:
    """Flattened magnitudes `(F, T)`, zero in silent frames."""
    n_fft = 2 ** int(np.ceil(np.log2(WINDOW_SECONDS * sample_rate)))
    padded = np.pad(audio.astype(np.float64), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    frames = frames[: len(audio) // hop_length]
    spectrum = np.abs(scipy.fft.rfft(frames * np.hanning(n_fft), axis=1)).T
    power = spectrum**2
    bands, between = _bands(sample_rate, n_fft)
    deviation = np.sqrt(bands @ power) + 1e-12
    flat: NDArray[np.float32] = (spectrum * (between @ deviation ** (WHITENING - 1))).astype(
        np.float32
    )
    level = 10 * np.log10(power.sum(axis=0) + 1e-12)
    flat[:, level < level.max(initial=-120) + SILENCE_DB] = 0
    return flat


def _salience(magnitude: NDArray[np.float32], partials: _Partials) -> NDArray[np.float32]:
    """The weighted sum over the harmonics of each candidate, `(P, T)`.

    The largest value in a range of bins is that of two windows of a power of two that cover it; the
    maxima of all such windows are made once, each from two of half its length.
    """
    windows = [magnitude]
    for level in range(int(partials.level.max())):
        half, step = windows[-1], 2**level
        longer = half.copy()
        np.maximum(half[:-step], half[step:], out=longer[:-step])
        windows.append(longer)
    salience = np.zeros((len(partials.weights), magnitude.shape[1]), np.float32)
    for level, window in enumerate(windows):
        pitch, harmonic = np.nonzero((partials.level == level) & (partials.weights > 0))
        if not len(pitch):
            continue
        peaks = np.maximum(
            window[partials.low[pitch, harmonic]], window[partials.last[pitch, harmonic]]
        )
        peaks *= partials.weights[pitch, harmonic, None]
        starts = np.flatnonzero(np.diff(pitch, prepend=-1))
        salience[pitch[starts]] += np.add.reduceat(peaks, starts, axis=0)
    return salience


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
    partials = _partials(sample_rate, 2 * (len(magnitude) - 1))
    found = np.zeros((128, magnitude.shape[1]), bool)
    # only frames in which one more pitch may sound are looked at again
    frames = np.flatnonzero(magnitude.any(axis=0))
    magnitude = magnitude[:, frames]
    kept = best_score = np.zeros(len(frames))
    for number in range(1, MAX_PITCHES + 1):
        salience = _salience(magnitude, partials)
        chosen = salience.argmax(axis=0)
        kept = kept + salience[chosen, np.arange(len(frames))]
        score = kept / number**POLYPHONY
        better = score > best_score
        if not better.any():
            break
        frames, chosen = frames[better], chosen[better]
        kept, best_score = kept[better], score[better]
        found[LOWEST + chosen, frames] = True
        magnitude = magnitude[:, better] * partials.left[chosen].T
    return found
