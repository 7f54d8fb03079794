"""The timbre distance without a network: laws of a distance, and what it hears."""

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.evaluation.metrics.cepstrum import mfcc_distance

RNG = np.random.default_rng(0)


def mel(mean: float = 0.0, spread: float = 3.0, frames: int = 200) -> NDArray[np.float64]:
    """Bands whose spectrum tilts by a mean and moves about it, in dB."""
    tilt = np.linspace(1, -1, 128)[:, None]
    return -20 + tilt * (mean + spread * RNG.normal(size=frames)) + RNG.normal(size=(128, frames))


def test_it_is_a_distance() -> None:
    a, b = mel(), mel(4.0, 6.0)
    assert mfcc_distance(a, a) == pytest.approx(0, abs=1e-3)
    assert mfcc_distance(a, b) == pytest.approx(mfcc_distance(b, a))
    assert mfcc_distance(a, b) > 1


def test_order_level_and_pauses_do_not_count() -> None:
    a, b = mel(), mel(4.0)
    apart = mfcc_distance(a, b)
    assert mfcc_distance(RNG.permutation(a, axis=1), b) == pytest.approx(apart)
    assert mfcc_distance(a - 7, b) == pytest.approx(apart)
    pause = np.full((128, 50), a.max() - 80)
    assert mfcc_distance(np.hstack([a, pause]), b) == pytest.approx(apart)


def test_it_grows_with_the_mean_and_with_the_spread() -> None:
    still = mel(0.0, 1.0)
    means = [mfcc_distance(still, mel(mean, 1.0)) for mean in (1.0, 3.0, 9.0)]
    spreads = [mfcc_distance(still, mel(0.0, spread)) for spread in (2.0, 4.0, 8.0)]
    assert means == sorted(means)
    assert spreads == sorted(spreads)


def test_of_gaussians_along_one_line_the_formula_is_known() -> None:
    """In one dimension the squared distance is `(m1 - m2)^2 + (s1 - s2)^2`."""
    cosine = np.cos(np.pi * 2 * (np.arange(128) + 0.5) / 128)[:, None] * np.sqrt(2 / 128)
    steps = np.array([-1.0, 1.0])[None]  # of mean 0 and deviation 1
    one, other = (-20 + cosine * (m + s * steps) for m, s in ((1.0, 2.0), (4.0, 6.0)))
    assert mfcc_distance(one, other) == pytest.approx(5)
