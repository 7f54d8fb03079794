"""Filters over a spectrum, of which nearly all weights are zero, in NumPy alone.

A sparse matrix of SciPy's is a little faster; SciPy takes 140 MB and a tenth of a second to load,
which who only transfers need not have.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Filterbank:
    """Filters that are applied along the last axis of a spectrogram.

    Products are added one after the other in the order of the bins, so that equal spectra give
    equal sums on every machine.

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
