"""An equaliser that matches one clip's long-term spectrum to another's: timbre as a mere filter."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from timbre.evaluation.systems.eq_match.config import EqMatchConfig

MAX_GAIN_DB = 40.0  # boosts end here, so that a band that holds only noise is not blown up


def match(
    content: NDArray[np.floating], style: NDArray[np.floating], n_fft: int, hop_length: int
) -> NDArray[np.float32]:
    """Move the content's long-term power spectrum to the style's.

    Every bin gets the gain `sqrt(P_style / P_content)`, `P` its power averaged over time: what
    equalisers call matching. It knows no notes, so the style's own notes color the result. Boosts
    are at most `MAX_GAIN_DB`; cuts are not bounded, so that a silent style gives silence. A result
    that would pass 1 is scaled down as a whole.

    Args:
        content: `(L,)` in [-1, 1], not empty.
        style: `(S,)` in [-1, 1], of any other length.
        n_fft: samples of the Hann window and of the transform.
        hop_length: samples between frames, at most half of `n_fft`.

    Returns:
        `(L,)` in [-1, 1].
    """
    transform = ShortTimeFFT(hann(n_fft, sym=False), hop_length, fs=1)

    def analyze(sound: NDArray[np.floating]) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Spectrum `(F, T)` and power `(F,)`, by samples: frames at the ends are not full."""
        # the transform wants half a window at least: a shorter clip ends in silence
        padded = np.pad(sound.astype(np.float64), (0, max(0, n_fft - len(sound))))
        spectrum = transform.stft(padded)
        return spectrum, np.sum(np.abs(spectrum) ** 2, axis=1) / len(sound)

    spectrum, power = analyze(content)
    _, style_power = analyze(style)
    least = style_power / 10 ** (MAX_GAIN_DB / 10)
    gain = np.sqrt(style_power / np.maximum(np.maximum(power, least), np.finfo(np.float64).tiny))
    sound = transform.istft(spectrum * gain[:, None], k1=max(len(content), n_fft))[: len(content)]
    scaled: NDArray[np.float64] = sound / max(1.0, float(np.abs(sound).max(initial=0)))
    return scaled.astype(np.float32)


class System:
    """Takes content and style, gives the content in the style's long-term spectrum.

    Args:
        settings: of the transform.
    """

    def __init__(self, settings: EqMatchConfig) -> None:
        self._settings = settings

    def __call__(
        self, content: NDArray[np.float32], style: NDArray[np.float32], seed: int
    ) -> NDArray[np.float32]:
        """Transfer: `(L,)` and `(S,)` -> `(L,)`; nothing is drawn."""
        return match(content, style, self._settings.n_fft, self._settings.hop_length)
