"""Statistics: laws of means, intervals and comparisons, and cases computed by hand."""

import math

import numpy as np
import pytest

from timbre.evaluation.results.statistics import (
    Interval,
    Scores,
    bootstrap,
    difference,
    rank_correlation,
    signed_rank,
    wins,
)

RESAMPLES, SEED = 1000, 0


def drawn(seed: int, count: int = 60, mean: float = 10.0, deviation: float = 2.0) -> Scores:
    """Scores of cases, normally distributed."""
    values = np.random.default_rng(seed).normal(mean, deviation, count)
    return {f"case{number}": float(value) for number, value in enumerate(values)}


def test_the_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    scores = drawn(0)
    interval = bootstrap(scores, RESAMPLES, SEED)
    assert interval == bootstrap(scores, RESAMPLES, SEED)
    assert interval.mean == pytest.approx(np.mean(list(scores.values())))
    assert interval.low < interval.mean < interval.high
    assert interval.cases == 60


def test_the_interval_is_as_wide_as_the_normal_approximation_has_it() -> None:
    interval = bootstrap(drawn(0), RESAMPLES, SEED)
    deviation = float(np.std(list(drawn(0).values())))
    width = interval.high - interval.low
    assert width == pytest.approx(2 * 1.96 * deviation / math.sqrt(60), rel=0.1)


def test_intervals_hold_the_true_mean_about_as_often_as_they_say() -> None:
    intervals = [bootstrap(drawn(seed, 40), 200, seed) for seed in range(150)]
    assert 0.88 < np.mean([each.low <= 10 <= each.high for each in intervals]) < 0.99


def test_two_cases_by_hand() -> None:
    # means of a resample: 0, 1 and 2 with chances of 1/4, 1/2 and 1/4
    assert bootstrap({"a": 0.0, "b": 2.0}, RESAMPLES, SEED) == (1.0, 0.0, 2.0, 2)


def test_of_one_case_the_interval_is_the_value() -> None:
    assert bootstrap({"a": 3.0}, RESAMPLES, SEED) == (3.0, 3.0, 3.0, 1)


def test_equal_scores_have_no_interval() -> None:
    scores = {str(number): 3.0 for number in range(10)}
    assert bootstrap(scores, RESAMPLES, SEED) == (3.0, 3.0, 3.0, 10)


@pytest.mark.parametrize("scores", [{}, {"a": math.nan}])
def test_without_cases_there_is_no_mean(scores: Scores) -> None:
    interval = bootstrap(scores, RESAMPLES, SEED)
    assert all(map(math.isnan, interval[:3]))
    assert interval.cases == 0


def test_a_case_without_a_score_is_left_out() -> None:
    scores = drawn(0)
    assert bootstrap({**scores, "x": math.nan}, RESAMPLES, SEED) == bootstrap(
        scores, RESAMPLES, SEED
    )


def test_the_order_of_the_cases_does_not_matter() -> None:
    a, b = drawn(0), drawn(1)
    backwards = dict(reversed(a.items()))
    assert bootstrap(a, RESAMPLES, SEED) == bootstrap(backwards, RESAMPLES, SEED)
    assert difference(a, b, RESAMPLES, SEED) == difference(backwards, b, RESAMPLES, SEED)


def test_intervals_of_two_systems_are_paired() -> None:
    scores = drawn(0)
    shifted = {name: 5 + 2 * score for name, score in scores.items()}
    expected = [5 + 2 * end for end in bootstrap(scores, RESAMPLES, SEED)[:3]]
    assert bootstrap(shifted, RESAMPLES, SEED)[:3] == pytest.approx(expected)


def test_other_seeds_and_other_cases_resample_otherwise() -> None:
    scores = drawn(0)
    renamed = {f"other {name}": score for name, score in scores.items()}
    intervals = {
        bootstrap(scores, RESAMPLES, SEED),
        bootstrap(scores, RESAMPLES, SEED + 1),
        bootstrap(renamed, RESAMPLES, SEED),
    }
    assert len(intervals) == 3


def test_a_system_is_no_different_from_itself() -> None:
    scores = drawn(0)
    assert difference(scores, scores, RESAMPLES, SEED) == (0.0, 0.0, 0.0, 60)
    assert wins(scores, scores, True, RESAMPLES, SEED) == (0.5, 0.5, 0.5, 60)


def test_a_difference_that_is_the_same_in_each_case_is_certain() -> None:
    scores = drawn(0)
    better = {name: score - 1 for name, score in scores.items()}
    assert difference(better, scores, RESAMPLES, SEED)[:3] == pytest.approx((-1, -1, -1))


def test_a_difference_turned_round_is_its_negative() -> None:
    one = difference(drawn(0), drawn(1), RESAMPLES, SEED)
    other = difference(drawn(1), drawn(0), RESAMPLES, SEED)
    assert other == pytest.approx((-one.mean, -one.high, -one.low, 60))


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_what_one_wins_the_other_loses(lower_is_better: bool) -> None:
    a, b = drawn(0), drawn(1) | {"case0": drawn(0)["case0"]}  # with a tie
    won = wins(a, b, lower_is_better, RESAMPLES, SEED)
    lost = wins(b, a, lower_is_better, RESAMPLES, SEED)
    assert won.mean + lost.mean == pytest.approx(1)
    assert won.low + lost.high == pytest.approx(1)


def test_wins_of_a_case_by_hand() -> None:
    a = {"p": 1.0, "q": 2.0, "r": 3.0, "s": 4.0}
    b = {"p": 2.0, "q": 2.0, "r": 2.0, "s": 2.0}
    # lower is better: won, tied, lost, lost
    assert wins(a, b, True, RESAMPLES, SEED).mean == 1.5 / 4
    assert wins(a, b, False, RESAMPLES, SEED).mean == 2.5 / 4


def test_only_cases_of_both_are_compared() -> None:
    a = {"p": 1.0, "q": 2.0, "r": math.nan}
    b = {"p": 3.0, "r": 2.0, "s": 7.0}
    assert difference(a, b, RESAMPLES, SEED) == Interval(-2.0, -2.0, -2.0, 1)
    assert wins(a, b, True, RESAMPLES, SEED) == Interval(1.0, 1.0, 1.0, 1)


def test_chance_is_told_from_a_difference() -> None:
    rng = np.random.default_rng(0)
    a = {str(number): rng.normal() for number in range(60)}
    more = {name: value + 0.5 + 0.5 * rng.normal() for name, value in a.items()}
    other = {name: value + rng.normal() for name, value in a.items()}
    assert signed_rank(a, more) < 1e-4
    assert signed_rank(a, more) == pytest.approx(signed_rank(more, a))
    assert signed_rank(a, other) > 0.01
    assert signed_rank(a, a) == signed_rank(a, {}) == 1


def test_ranks_correlate_whatever_the_scale() -> None:
    values = [3.0, 1.0, 2.0, 5.0]
    assert rank_correlation(values, np.exp(values).tolist()) == pytest.approx(1)
    assert rank_correlation(values, [-v for v in values]) == pytest.approx(-1)
    assert math.isnan(rank_correlation(values, [1.0] * 4))
