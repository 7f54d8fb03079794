"""The one mel spectrogram: used by data, models, vocoder, metrics and tools.

Letters of shapes, here and everywhere: B batch, V views, L samples, T frames, M mel bins, F linear
bins, D latent channels, K codebook entries, N examples or notes.
"""

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from timbre.core.params import Audio
from timbre.core.signal import Signal

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]
Pitch = TypeVar("Pitch", float, NDArray[np.float64])

FRAME_MULTIPLE = 8  # frames: models halve the time up to three times
_BLOCK_FRAMES = 32  # transformed at once: as many as a processor's cache holds


class Filterbank:
    """Filters that are applied along the last axis of a spectrogram, nearly all weights being zero.

    In NumPy alone: a sparse matrix of SciPy's is a little faster, but SciPy takes 140 MB, which who
    only transfers need not have. Products are added one after the other in the order of the bins,
    so that equal spectra give equal sums on every machine.

    Args:
        weights: `(M, F)`, a filter a row.
        dtype: of the sums.
    """

    def __init__(self, weights: NDArray[np.floating], dtype: DTypeLike = np.float64) -> None:
        rows, self._bins = np.nonzero(weights)
        self._weights = weights[rows, self._bins].astype(dtype)
        # a filter without weights has no run of products to add up, and gives zeros
        self._filters, self._starts = np.unique(rows, return_index=True)
        self._count = len(weights)

    def __call__(self, spectra: NDArray[Any]) -> NDArray[Any]:
        """Sums of weighted bins: `(..., F)` -> `(..., M)`."""
        products = spectra[..., self._bins] * self._weights
        sums: NDArray[Any] = np.add.reduceat(products, self._starts, axis=-1)
        if len(self._filters) == self._count:
            return sums
        out = np.zeros((*sums.shape[:-1], self._count), sums.dtype)
        out[..., self._filters] = sums
        return out


@lru_cache(maxsize=4)
def mel_filters(settings: Audio) -> Floats:
    """The mel filters of the settings: `triangles` with peak 1.

    Returns:
        `(M, F)` non-negative weights, `F = n_fft // 2 + 1`.
    """
    edges = mel_edges(settings.n_mels, settings.f_min, settings.f_max)
    filters = triangles(edges, settings.sample_rate, settings.n_fft)
    # at low frequencies a filter can fall between two bins: let it take the nearest
    empty = np.flatnonzero(filters.sum(axis=1) == 0)
    nearest = np.rint(edges[1:-1][empty] / settings.sample_rate * settings.n_fft).astype(int)
    filters[empty, nearest] = 1
    return filters


def mel_edges(n_mels: int, f_min: float, f_max: float) -> Floats:
    """Edges of mel filters, where they begin, peak and end: `(n_mels + 2,)` in Hz.

    The scale is Slaney's, linear up to 1 kHz and logarithmic above (Slaney, "Auditory Toolbox",
    1998).
    """
    return _mel_to_hz(np.linspace(hz_to_mel(f_min), hz_to_mel(f_max), n_mels + 2))


def band_spacing(settings: Audio) -> float:
    """Spacing of the centers of neighbouring bands, in Slaney's mel.

    What is meant as a width over frequency is told in mel and divided by this, so that it is the
    same width whatever number of bands there are up to whatever frequency.
    """
    return (hz_to_mel(settings.f_max) - hz_to_mel(settings.f_min)) / (settings.n_mels + 1)


def triangles(edges: Floats, sample_rate: int, n_fft: int) -> Floats:
    """Triangular filters with peak 1, each from one edge over the next to the one after.

    Computed in double precision here, not by a library, because the libraries' single precision
    differs between processors in the last bit, and stored codes must not.

    Returns:
        `(len(edges) - 2, n_fft // 2 + 1)`.
    """
    bins = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


@lru_cache(maxsize=4)
def _filterbank(settings: Audio) -> Filterbank:
    return Filterbank(mel_filters(settings))


def midi_to_hz(pitch: Pitch) -> Pitch:
    """MIDI pitch -> Hz, in equal temperament; A4 is 440 Hz."""
    return 440 * 2 ** ((pitch - 69) / 12)


def hz_to_mel(hz: float) -> float:
    """Hz -> Slaney's mel."""
    return float(hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4))


def _mel_to_hz(mel: Floats) -> Floats:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) * (mel - 15) / 27))


def mel_spectrogram(audio: NDArray[np.floating], settings: Audio) -> Floats:
    """Log-power mel spectrogram.

    Hann window, frames centered on every `hop_length` samples with the ends reflected. A sine of
    amplitude 1 at the center of a filter reads 0 dB, up to 1.8 dB more where the filter is so wide
    that it takes the window's side bins too. What is quieter than `db_min` reads `db_min`.

    Args:
        audio: `(..., L)` in [-1, 1] at `settings.sample_rate` Hz.
        settings: the analysis settings.

    Returns:
        `(..., M, T)` in dB, `T = L // hop_length`.

    Raises:
        ValueError: if `audio` is shorter than `n_fft` samples.
    """
    length = audio.shape[-1]
    if length < settings.n_fft:
        raise ValueError(f"audio of at least {settings.n_fft} samples expected, got {length}")
    half, hop, count = settings.n_fft // 2, settings.hop_length, length // settings.hop_length
    flat = audio.reshape(-1, length).astype(np.float64)
    padded = np.pad(flat, [(0, 0), (half, half)], mode="reflect")
    window = np.hanning(settings.n_fft + 1)[:-1]
    window *= 2 / window.sum()
    filters = _filterbank(settings)
    mel = np.empty((len(flat), settings.n_mels, count))
    for sound, out in zip(padded, mel, strict=True):
        frames = np.lib.stride_tricks.sliding_window_view(sound, settings.n_fft)[::hop][:count]
        for start in range(0, count, _BLOCK_FRAMES):
            spectrum = np.fft.rfft(frames[start : start + _BLOCK_FRAMES] * window)
            power = spectrum.real**2 + spectrum.imag**2
            out[:, start : start + _BLOCK_FRAMES] = filters(power).T
    decibels: Floats = 10 * np.log10(np.maximum(mel, 10 ** (settings.db_min / 10)))
    return decibels.reshape(*audio.shape[:-1], settings.n_mels, count)


def quantize(mel: Floats, settings: Audio) -> Codes:
    """Levels in dB -> codes 0-255, `db_step` dB each from `db_min` up; out of range is clipped."""
    codes = np.rint((mel - settings.db_min) / settings.db_step)
    return np.clip(codes, 0, 255).astype(np.uint8)


def dequantize(codes: Codes, settings: Audio) -> NDArray[np.float32]:
    """Codes -> dB, at most half a step from what was quantised within the range."""
    return codes.astype(np.float32) * np.float32(settings.db_step) + np.float32(settings.db_min)


def clip_mel(sound: Signal, audio: Audio) -> NDArray[np.float32]:
    """Mel of a clip in dB, `(M, T)`, padded by its last frame to a multiple of `FRAME_MULTIPLE`."""
    frames = mel_spectrogram(sound, audio).astype(np.float32)
    return np.pad(frames, [(0, 0), (0, -frames.shape[1] % FRAME_MULTIPLE)], mode="edge")
