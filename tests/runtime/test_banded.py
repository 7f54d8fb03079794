"""Banded matrices multiply as the whole ones do."""

import numpy as np
import pytest

from tests import tiny
from timbre.audio.mel import mel_filters
from timbre.runtime.banded import BandedMatrix


@pytest.mark.parametrize("frames", [1, 7, 40])
@pytest.mark.parametrize("is_transposed", [False, True])
def test_products_are_those_of_the_whole(frames: int, is_transposed: bool) -> None:
    whole = mel_filters(tiny.AUDIO)
    matrix = whole.T if is_transposed else whole
    values = np.random.default_rng(0).random((frames, matrix.shape[1]))
    found = BandedMatrix(matrix, np.float32)(values.astype(np.float32))
    assert found.dtype == np.float32
    assert found == pytest.approx(values @ matrix.T, rel=1e-5)


def test_rows_without_weights_give_zeros() -> None:
    matrix = np.zeros((40, 6))
    matrix[3, 2] = matrix[39, 5] = 2
    found = BandedMatrix(matrix, np.float64)(np.ones((4, 6)))
    assert np.array_equal(found, np.tile(matrix.sum(axis=1), (4, 1)))
