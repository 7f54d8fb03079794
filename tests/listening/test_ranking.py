"""One ranking: strengths that a second way confirms, intervals that hold, p corrected."""

import numpy as np
import pytest
from scipy.special import expit, logit

from timbre.listening.ranking import bradley_terry, ranking


def test_two_systems_have_the_log_odds_of_their_share() -> None:
    wins = np.zeros((3, 2, 2))
    wins[:, 0, 1], wins[:, 1, 0] = (7, 30, 0), (3, 30, 12)
    apart = np.diff(bradley_terry(wins), axis=1)[:, 0]
    # half an answer each way is added
    assert -apart == pytest.approx(logit([7.5 / 11, 0.5, 0.5 / 13]), abs=1e-3)


def test_strengths_are_found_again_and_centred() -> None:
    strengths = np.array([1.0, 0.2, -0.4, -0.8])
    wins = 1e5 * expit(strengths[:, None] - strengths)
    np.fill_diagonal(wins, 0)
    found = bradley_terry(wins[None])[0]
    assert found == pytest.approx(strengths, abs=1e-2)
    assert found.sum() == pytest.approx(0, abs=1e-9)


def test_many_sets_are_what_each_is_alone() -> None:
    wins = np.random.default_rng(0).integers(0, 9, (20, 4, 4)).astype(float)
    wins[:, range(4), range(4)] = 0
    together = bradley_terry(wins)
    alone = np.concatenate([bradley_terry(each[None]) for each in wins])
    assert together == pytest.approx(alone, abs=5e-3)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng, true, held = np.random.default_rng(1), np.array([0.5, -0.5]), 0
    for turn in range(60):
        given = []
        for _ in range(30):
            won = rng.binomial(6, expit(true[0] - true[1]))
            given.append(np.array([[0, won], [6 - won, 0]], float))
        first = next(
            each for each in ranking("xy", given, bradley_terry, turn) if each.system == "x"
        )
        held += first.low <= true[0] <= first.high
    assert 50 <= held <= 60


def test_more_listeners_make_narrower_intervals_and_equal_answers_equal_ones() -> None:
    rng = np.random.default_rng(0)
    given = [rng.integers(0, 5, (3, 3)).astype(float) for _ in range(80)]
    widths = [
        max(each.high - each.low for each in ranking("xyz", given[:count], bradley_terry))
        for count in (10, 80)
    ]
    assert widths[1] < widths[0] / 2
    assert ranking("xyz", given, bradley_terry) == ranking("xyz", given, bradley_terry)
