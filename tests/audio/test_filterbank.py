"""Filters over a spectrum."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from timbre.audio.mel import Filterbank, mel_filters
from timbre.core.params import Audio


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_it_is_the_matrix_product(
    audio_settings: Audio, dtype: DTypeLike, tolerance: float
) -> None:
    weights = mel_filters(audio_settings)
    spectra = np.random.default_rng(0).random((2, 5, weights.shape[1])).astype(dtype)
    sums = Filterbank(weights, dtype)(spectra)
    assert sums.dtype == dtype
    np.testing.assert_allclose(sums, spectra @ weights.T, rtol=tolerance)


def test_a_filter_without_weights_gives_zeros() -> None:
    weights = np.array([[0.0, 0, 0], [1, 0, 2], [0, 0, 0], [0, 3, 0], [0, 0, 0]])
    sums = Filterbank(weights)(np.array([[1.0, 10, 100]]))
    assert sums.tolist() == [[0, 201, 0, 30, 0]]
