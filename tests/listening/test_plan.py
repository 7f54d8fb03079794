"""Plans of listening tests: who hears what, in which order and on which side."""

from collections import Counter

import pytest

from tests.listening.listeners import CASES, SYSTEMS, design
from timbre.listening.plan import CHECK_COUNT, Kind, Trial, known_answers, plan

LISTENERS = [f"{number:016x}" for number in range(200)]


def test_a_plan_depends_on_listener_and_seed_alone() -> None:
    one = plan(design(), "0" * 16)
    assert plan(design(), "0" * 16) == one
    assert plan(design(), "1" * 16) != one
    assert plan(design(seed=1), "0" * 16) != one


def test_a_plan_stays_what_it_was() -> None:
    # listeners who are half through must find the same plan after an update
    assert plan(design(), "0" * 16)[:3] == [
        Trial(Kind.training, "case3", ("alphanet", "betanet")),
        Trial(Kind.test, "case1", ("betanet", "gammanet")),
        Trial(Kind.test, "case0", ("betanet", "alphanet")),
    ]


@pytest.mark.parametrize("trials", [1, 2, 7, 12])
def test_training_comes_first_and_checks_are_among_the_others(trials: int) -> None:
    places = set()
    for listener in LISTENERS:
        kinds = [trial.kind for trial in plan(design(trials), listener)]
        assert kinds[0] is Kind.training
        assert Counter(kinds) == {Kind.training: 1, Kind.check: CHECK_COUNT, Kind.test: trials}
        checks = [number for number, kind in enumerate(kinds) if kind is Kind.check]
        assert kinds[1 : checks[0]].count(Kind.test) <= trials // 2 < checks[1]
        places.update(checks)
    assert places == set(range(1, trials + 3))  # nobody can guess where they are


def test_no_more_trials_than_there_are_comparisons() -> None:
    trials = plan(design(trials=1000), LISTENERS[0])
    tests = [trial for trial in trials if trial.kind is Kind.test]
    assert len(tests) == len({(*sorted(each.clips), each.case) for each in tests}) == 3 * len(CASES)


def test_each_pair_comes_equally_often_and_each_side_too() -> None:
    total: Counter[tuple[str, str]] = Counter()
    for listener in LISTENERS:
        sides = Counter(
            (trial.a, trial.b) for trial in plan(design(8), listener) if trial.kind is Kind.test
        )
        pairs = Counter[tuple[str, ...]]()
        for (a, b), count in sides.items():
            pairs[tuple(sorted((a, b)))] += count
            assert abs(count - sides[b, a]) <= 1
        assert len(pairs) == 3
        assert max(pairs.values()) - min(pairs.values()) <= 1
        total += sides
    # 200 * 8 / 6 of each side
    assert all(abs(count - 267) < 40 for count in total.values())
    assert len(total) == 6


def test_each_case_comes_about_equally_often() -> None:
    total = Counter(
        trial.case
        for listener in LISTENERS
        for trial in plan(design(6), listener)
        if trial.kind is Kind.test
    )
    assert {*total} == {*CASES}
    assert all(abs(count - 300) < 60 for count in total.values())


def test_the_training_is_none_of_those_that_count() -> None:
    for listener in LISTENERS[:50]:
        first, *others = ((*sorted(each.clips), each.case) for each in plan(design(), listener))
        assert first not in others


def test_of_a_check_it_is_known_what_is_right() -> None:
    sides = set()
    for listener in LISTENERS[:50]:
        for trial in plan(design(), listener):
            known = known_answers(trial, design())
            if trial.kind is Kind.check:
                heard = {"a": trial.a, "b": trial.b}
                assert heard[known["timbre"]] == "copy_style"
                assert heard[known["melody"]] == "copy_content"
                sides.add(trial.a)
            else:
                assert known == {}
                assert {trial.a, trial.b} <= {*SYSTEMS}
    assert sides == {"copy_content", "copy_style"}


def test_systems_that_share_no_case_are_no_pair() -> None:
    systems = {"x": ["1", "2"], "y": ["2", "3"], "z": ["3"]}
    pairs = design().model_copy(update={"systems": systems}).pairs()
    assert pairs == {("x", "y"): ["2"], ("y", "z"): ["3"]}
