"""Noise that depends on nothing but the seed and its place."""

import numpy as np
import pytest

from timbre.transfer.noise import normal

KNOWN = [[0.21573009, 0.41347837], [0.67001188, 1.06920862]]


def test_windows_agree_where_they_overlap() -> None:
    whole = normal(5, 0, 128, 16)
    assert np.array_equal(normal(5, 40, 96, 16), whole[:, 40:96])
    assert np.array_equal(normal(5, 0, 128, 8), whole[:8])


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1])
def test_it_is_normal_and_independent(seed: int) -> None:
    found = normal(seed, 1000, 3000, 128).astype(float)
    count = found.size
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        spread = {1: 1, 2: 2, 3: 15, 4: 96}[power]  # variances of these moments
        assert abs((found**power).mean() - moment) < 5 * (spread / count) ** 0.5
    for one, other in (
        (found[:, :-1], found[:, 1:]), (found[:-1], found[1:]), (found[:-1, 1:], found[1:, :-1]),
    ):  # fmt: skip
        assert abs((one * other).mean()) < 5 / one.size**0.5
    nearby = normal(seed ^ 1, 1000, 3000, 128)
    assert abs((found * nearby).mean()) < 5 / count**0.5


def test_it_is_the_same_on_every_machine() -> None:
    found = normal(1, 0, 2, 2)
    assert found == pytest.approx(np.array(KNOWN), abs=1e-6)
