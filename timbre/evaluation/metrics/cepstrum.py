"""Timbre distance without a network: the distributions of cepstral coefficients over time."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

COEFFICIENTS = slice(1, 13)  # the 2nd to the 13th: the first is the level, higher ones tell pitch
RANGE_DB = 40.0  # below the loudest frame: what is softer is a pause


def mfcc_distance(output: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Fréchet distance of the MFCC 2-13 of two clips, each taken for a Gaussian.

    One Gaussian of the MFCCs of all frames is what Mandel and Ellis compare recordings by (ISMIR
    2005); means alone do not tell how a sound moves. The distance between two Gaussians is that of
    Dowson and Landau (1982): `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, of which this is the
    root. Nothing in it was trained, so it is a second opinion on timbre.

    Args:
        output: `(128, T)` in dB, as `distances.log_mel` gives it.
        target: `(128, T')`, likewise.

    Returns:
        dB, from 0 for equal clips up; lower is better.
    """
    (mean, spread), (other, spread_of_other) = (_gaussian(mel) for mel in (output, target))
    root = _root(spread)
    common = np.trace(_root(root @ spread_of_other @ root))
    squared = np.sum((mean - other) ** 2) + np.trace(spread + spread_of_other) - 2 * common
    return float(np.sqrt(max(squared, 0.0)))


def _gaussian(mel: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean `(12,)` and covariance `(12, 12)` over the frames that sound."""
    level = 10 * np.log10(np.mean(10 ** (mel / 10), axis=0))
    sounding = mel[:, level >= level.max() - RANGE_DB]
    cepstra = scipy.fft.dct(sounding, axis=0, norm="ortho")[COEFFICIENTS]
    return cepstra.mean(axis=1), np.cov(cepstra, bias=True)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
