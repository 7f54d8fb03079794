"""Short-time Fourier transforms in single precision, as PyTorch's, by NumPy's real FFT.

Hann windows, frames centered on every `hop` samples, the ends reflected. A spectrum is
`(N, F)` complex, a frame a row.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from timbre.core.signal import Signal

Spectrum = NDArray[np.complex64]
Window = NDArray[np.float32]

MIN_WINDOW_SUM = 1e-11  # sum of squared windows, below which PyTorch divides by none


@lru_cache(maxsize=4)
def hann(n_fft: int) -> Window:
    """The periodic Hann window, as `torch.hann_window`."""
    return np.hanning(n_fft + 1)[:-1].astype(np.float32)


def stft(sound: Signal, n_fft: int, hop: int) -> Spectrum:
    """Samples `(L,)`, L > n_fft / 2 -> `(L // hop + 1, n_fft // 2 + 1)`."""
    padded = np.pad(sound, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    return np.fft.rfft(frames * hann(n_fft)).astype(np.complex64, copy=False)


def istft(spectrum: Spectrum, n_fft: int, hop: int, length: int) -> Signal:
    """Spectrum `(N, n_fft // 2 + 1)` -> samples `(length,)`, zeros beyond the last frame's reach.

    Frames are windowed once more, added up, and divided by the sum of squared windows.
    """
    window = hann(n_fft)
    frames = np.fft.irfft(spectrum, n_fft).astype(np.float32, copy=False) * window
    sound = _overlapped(frames, hop)
    weight = _overlapped(np.broadcast_to(window**2, frames.shape), hop)
    half = slice(n_fft // 2, n_fft // 2 + length)
    weight = weight[half]
    samples = sound[half] / np.where(weight > MIN_WINDOW_SUM, weight, 1)
    return np.pad(samples, (0, length - len(samples)))


def _overlapped(frames: Window, hop: int) -> Signal:
    """Frames `(N, n_fft)` added up, each a hop after the one before."""
    count, size = frames.shape
    parts = -(-size // hop)
    padded = np.pad(frames, ((0, 0), (0, parts * hop - size))) if size % hop else frames
    hops = padded.reshape(count, parts, hop)
    out = np.zeros((count + parts - 1, hop), np.float32)
    for number in range(parts):
        out[number : number + count] += hops[:, number]
    return out.reshape(-1)
