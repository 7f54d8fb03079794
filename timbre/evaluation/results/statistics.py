"""Means over test cases with their uncertainty, and comparisons of two systems case by case."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from timbre.core.files import fingerprint

Scores = Mapping[str, float]  # the score of each case by its name; NaN where there is none

_BLOCK_SCORES = 1_000_000  # scores that are drawn at a time: 16 MB


class Interval(NamedTuple):
    """A mean and its 95 % confidence interval; all NaN if there are no cases."""

    mean: float
    low: float
    high: float
    cases: int  # that were averaged


def bootstrap(scores: Scores, resamples: int, seed: int) -> Interval:
    """Mean and its 95 % percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Which cases are resampled depends on the seed and the names of the cases alone: intervals of
    systems that were scored on the same cases are paired, and the order of cases does not matter.

    Args:
        scores: of any unit; a case without a score is left out.
        resamples: how many.
        seed: of the resampling.

    Returns:
        The mean with its interval; of one case, the interval is the value itself.
    """
    names = sorted(name for name, score in scores.items() if not math.isnan(score))
    if not names:
        return Interval(math.nan, math.nan, math.nan, 0)
    values = np.array([scores[name] for name in names], np.float64)
    rng = np.random.default_rng([seed, int(fingerprint(names), 16)])
    at_once = max(1, _BLOCK_SCORES // len(values))
    means = [
        values[rng.integers(len(values), size=(min(at_once, resamples - start), len(values)))].mean(
            1
        )
        for start in range(0, resamples, at_once)
    ]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def difference(a: Scores, b: Scores, resamples: int, seed: int) -> Interval:
    """Mean of `a - b` over the cases that both have, with its interval.

    Resampling pairs is what makes this interval narrower than those of two means: that some cases
    are hard for every system does not count (Efron and Tibshirani, 1993, chapter 8).
    """
    return bootstrap({name: a[name] - b[name] for name in a.keys() & b.keys()}, resamples, seed)


def wins(a: Scores, b: Scores, lower_is_better: bool, resamples: int, seed: int) -> Interval:
    """The share of cases in which `a` is better than `b`, of those that both have.

    Args:
        a: scores of one system.
        b: scores of the other.
        lower_is_better: what is better.
        resamples: of the bootstrap.
        seed: of the resampling.

    Returns:
        0 to 1 with its interval; a tie counts one half, so that `wins(a, b) + wins(b, a)` is 1.
    """
    sign = -1 if lower_is_better else 1
    won = {name: (1 + np.sign(sign * (a[name] - b[name]))) / 2 for name in a.keys() & b.keys()}
    return bootstrap(won, resamples, seed)


def signed_rank(a: Scores, b: Scores) -> float:
    """P-value of Wilcoxon's signed-rank test: that `a` and `b` differ by chance alone, two-sided.

    Of the cases that both have; equal scores count half to each side (Pratt). Without two cases, or
    with equal scores in all, it is 1.
    """
    # imported here, for it takes a second
    from scipy.stats import wilcoxon

    apart = np.array([a[name] - b[name] for name in sorted(a.keys() & b.keys())], np.float64)
    apart = apart[~np.isnan(apart)]
    if len(apart) < 2 or not apart.any():
        return 1.0
    return float(wilcoxon(apart, zero_method="zsplit", method="auto").pvalue)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1; NaN where one of them does not differ."""
    from scipy.stats import rankdata

    ranks = [rankdata(values) for values in (one, other)]
    if len(one) < 2 or any(np.ptp(each) == 0 for each in ranks):
        return math.nan
    return float(np.corrcoef(ranks)[0, 1])
