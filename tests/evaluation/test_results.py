"""Results: what is read, and the tables that the report makes of it, by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from timbre.core.errors import InputError
from timbre.evaluation.metrics.registry import COMPARED
from timbre.evaluation.results import results
from timbre.evaluation.results.statistics import Interval
from timbre.report import sources as sources
from timbre.report import tables as tables


@pytest.mark.parametrize("text", ["case,loudness\na,1\n", "lsd\n1\n", "case,lsd\na,loud\n"])
def test_a_file_that_is_no_table_of_scores_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "glow.csv").write_text(text)
    with pytest.raises(InputError, match=r"glow\.csv: expected .*; please score"):
        results.read(tmp_path)


def test_an_empty_cell_is_no_score(tmp_path: Path) -> None:
    (tmp_path / "glow.csv").write_text("case,lsd,timbre\na,,0.5\nb,4,\n")
    scores = results.read(tmp_path)["glow"]
    assert math.isnan(scores["lsd"]["a"])
    assert results.mean_of(scores["lsd"], ["a", "b", "c"]) == (4.0, 1)
    assert results.ranked(scores["lsd"], True) == [("b", 4.0)]


def test_cases_are_ranked_from_the_best_on() -> None:
    scores = {"a": 2.0, "b": 1.0, "c": 2.0, "d": 3.0}
    assert [name for name, _ in results.ranked(scores, True)] == ["b", "a", "c", "d"]
    assert [name for name, _ in results.ranked(scores, False)] == ["d", "a", "c", "b"]


def test_means_by_family_of_a_case_by_hand() -> None:
    labels = {
        name: {"content_family": content, "style_family": style}
        for name, content, style in (
            ("a", "p", "s"),
            ("b", "p", "s"),
            ("c", "o", "p"),
            ("d", "", "s"),
        )
    }
    scores = {"lsd": {"a": 1.0, "b": 3.0, "c": 6.0, "d": 99.0}}
    (heat,) = tables.heat({"glow": scores}, labels, ["glow"], "lsd")
    assert heat.columns == ["p", "s"]
    assert heat.rows == [
        ("o", [tables.Spot(6.0, 1, 1.0), None]),
        ("p", [None, tables.Spot(2.0, 2, 0.0)]),
    ]


def test_a_system_that_beats_another_in_each_case_wins_them_all() -> None:
    names = [str(number) for number in range(5)]
    systems = {
        "one": {"lsd": dict.fromkeys(names, 1.0), "onset_f1": dict.fromkeys(names, 0.5)},
        "other": {"lsd": dict.fromkeys(names, 2.5), "onset_f1": dict.fromkeys(names, 0.5)},
    }
    (row,) = tables.compared(systems, [("one", "other")], 50, 0)
    cells = dict(zip(COMPARED, row.cells, strict=True))
    lsd, timbre, onset = cells["lsd"], cells["timbre"], cells["onset_f1"]
    assert lsd.text == "100 % (100 to 100)"
    assert lsd.note == "−1.50 (−1.50 to −1.50)"  # noqa: RUF001 true minus signs
    assert timbre.text == tables.DASH
    assert onset.text == "50 % (50 to 50)"


def test_the_best_is_the_lowest_or_the_highest_as_the_metric_says() -> None:
    def at(value: float) -> Interval:
        return Interval(value, value, value, 1)

    summary = {
        "a": {"lsd": at(1), "onset_f1": at(0.1), "rough": at(1)},
        "b": {"lsd": at(2), "onset_f1": at(0.2), "rough": at(3)},
    }
    assert tables.best(summary, ["a", "b"]) == {"lsd": "a", "onset_f1": "b"}


def test_unknown_systems_come_last() -> None:
    assert sources.in_order(["zebra", "glow", "ant", "copy_content"]) == [
        "copy_content", "glow", "ant", "zebra",
    ]  # fmt: skip


def test_parts_of_the_cases_are_averaged_apart() -> None:
    labels = {"a": {"font": "x"}, "b": {"font": "y"}, "c": {"font": "y"}, "d": {"font": ""}}
    scores = {"lsd": {"a": 1.0, "b": 2.0, "c": 5.0, "d": 9.0}}
    assert tables.grouped({"glow": scores}, labels, "font", ["glow"], "lsd") == [
        ("x", 1, ["1.00"]),
        ("y", 2, ["3.50"]),
    ]


def test_no_case_is_among_the_best_and_the_worst() -> None:
    scores = {"lsd": {name: float(number) for number, name in enumerate("abcd")}}
    assert tables.extremes({"glow": scores}, ["glow"], "lsd", 3) == [
        ("glow", [("a", "0.00"), ("b", "1.00")], [("d", "3.00"), ("c", "2.00")])
    ]


def test_a_star_marks_what_differs_beyond_chance() -> None:
    rng = np.random.default_rng(0)
    noise = {str(number): rng.normal() for number in range(40)}
    systems = {
        "one": {"lsd": noise, "timbre": noise},
        "other": {
            "lsd": {name: value + 1 + 0.1 * rng.normal() for name, value in noise.items()},
            "timbre": {name: value + rng.normal() for name, value in noise.items()},
        },
    }
    (row,) = tables.compared(systems, [("one", "other")], 50, 0)
    cells = dict(zip(COMPARED, row.cells, strict=True))
    assert "*" in cells["lsd"].note
    assert "*" not in cells["timbre"].note


def test_measures_agree_where_they_order_systems_alike() -> None:
    cases = "abcd"
    values = {"x": 1.0, "y": 2.0, "z": 3.0}
    systems = {
        name: {
            "lsd": dict.fromkeys(cases, value),
            "timbre": dict.fromkeys(cases, 10 * value**2),
            "onset_f1": dict.fromkeys(cases, value),  # higher is better: the other way round
        }
        for name, value in values.items()
    }
    found = {(a.one, a.other): a for a in tables.agreement(systems, ["lsd", "timbre", "onset_f1"])}
    assert found["lsd", "timbre"][2:] == ("1.00", "1.00", len(cases))
    assert found["lsd", "onset_f1"][2:4] == ("\N{MINUS SIGN}1.00", "\N{MINUS SIGN}1.00")
