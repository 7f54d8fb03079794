"""Audio mosaicing: the content is laid anew with frames of the style. Nothing is learnt.

Driedger, Praetzlich and Mueller, "Let it Bee - towards NMF-inspired audio mosaicing", ISMIR 2015.
As in the authors' NMF Toolbox (Lopez-Serrano et al., DAFx 2019), templates sum to 1 and the
activations begin at random.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from timbre.core.signal import at_level
from timbre.evaluation.systems.musaicing.config import MusaicingConfig

Floats = NDArray[np.float64]

SILENCE_DB = -60.0  # style frames this far below the loudest are no templates: they hold noise
EPSILON = float(np.finfo(np.float64).eps)  # where nothing sounds, quotients stay finite


class System:
    """Takes content and style, gives the content's music in frames of the style.

    Args:
        settings: how frames are laid.
    """

    def __init__(self, settings: MusaicingConfig) -> None:
        self._settings = settings
        self._transform = ShortTimeFFT(hann(settings.n_fft, sym=False), settings.hop_length, fs=1)

    def __call__(
        self, content: NDArray[np.float32], style: NDArray[np.float32], seed: int
    ) -> NDArray[np.float32]:
        """Transfer.

        Args:
            content: `(L,)`, `n_fft` samples at least, as for the style.
            style: `(S,)`, of any other length.
            seed: of the activations at the start.

        Returns:
            `(L,)` at the content's RMS, or less where the peak would pass .99; silence if either
            is silent.
        """
        if not (content.any() and style.any()):
            return np.zeros(len(content), np.float32)
        frames = templates(self._transform.stft(style.astype(np.float64)))
        target = np.abs(self._transform.stft(content.astype(np.float64)))
        active = activations(target, np.abs(frames), self._settings, seed)
        sound = self._transform.istft(frames @ active, k1=len(content))
        level = 10 * np.log10(np.mean(content.astype(np.float64) ** 2))
        return at_level(sound, level).astype(np.float32)


def templates(spectrum: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Frames `(F, K)` scaled so that their magnitudes sum to 1; those in silence become zero.

    Otherwise soft frames would need the greatest activations, and a pause would sound as loud as
    a note.
    """
    weights = np.abs(spectrum).sum(axis=0)
    audible = weights > weights.max() * 10 ** (SILENCE_DB / 20)
    scaled: NDArray[np.complex128] = spectrum * (audible / np.maximum(weights, EPSILON))
    return scaled


def activations(target: Floats, frames: Floats, settings: MusaicingConfig, seed: int) -> Floats:
    """Learn which template sounds when.

    Each iteration constrains the activations (the paper's equations 5 to 7) and then takes one
    multiplicative update for the Kullback-Leibler divergence (equation 8; Lee and Seung 2000).

    Args:
        target: `(F, T)` magnitudes.
        frames: `(F, K)` magnitudes of the templates, columns that sum to 1 or are zero.
        settings: see there.
        seed: of the random start.

    Returns:
        `(K, T)`, non-negative.
    """
    active = np.random.default_rng(seed).random((frames.shape[1], target.shape[1]))
    total = frames.sum(axis=0)[:, None]
    for number in range(settings.iterations):
        left = 1 - (number + 1) / settings.iterations  # nothing at last
        active = without_repetition(active, settings.repetition, left)
        active = of_polyphony(active, settings.polyphony, left)
        active = continued(active, settings.continuity)
        ratio = target / np.maximum(frames @ active, EPSILON)
        active = active * (frames.T @ ratio) / np.maximum(total, EPSILON)
    return active


def without_repetition(active: Floats, reach: int, left: float) -> Floats:
    """Weaken what is not the greatest of its row within `reach` frames (equation 5).

    Args:
        active: `(K, T)`.
        reach: frames to each side.
        left: factor 0 to 1 of what is weakened.

    Returns:
        `(K, T)`.
    """
    greatest = maximum_filter1d(active, 2 * reach + 1, axis=1, mode="constant")
    return np.where(active == greatest, active, active * left)


def of_polyphony(active: Floats, count: int, left: float) -> Floats:
    """Weaken all but the `count` greatest of each column (equation 6).

    Args and returns as for `without_repetition`; `count` may exceed the rows.
    """
    weakest = np.argsort(active, axis=0, kind="stable")[: max(0, len(active) - count)]
    weakened = active.copy()
    np.put_along_axis(weakened, weakest, np.take_along_axis(active, weakest, 0) * left, axis=0)
    return weakened


def continued(active: Floats, reach: int) -> Floats:
    """Sum along diagonals, so that a template draws its neighbours in with it (equation 7).

    Args:
        active: `(K, T)`.
        reach: frames to each side.

    Returns:
        `(K, T)`; beyond the edges is nothing.
    """
    rows, columns = active.shape
    padded = np.pad(active, reach)
    shifted = [padded[i : i + rows, i : i + columns] for i in range(2 * reach + 1)]
    summed: Floats = np.sum(shifted, axis=0)
    return summed
