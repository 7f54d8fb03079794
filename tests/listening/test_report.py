"""What listeners preferred: counted rightly, with intervals that a second way confirms."""

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest
from scipy.stats import beta, binom
from typer.testing import CliRunner

from tests.listening.listeners import design
from timbre.cli.main import app
from timbre.core.errors import InputError
from timbre.listening.answers import Answer, begin
from timbre.listening.design import QUESTIONS, Method
from timbre.listening.pairs import DASH, Preference
from timbre.listening.picture import kind, write
from timbre.listening.plan import Kind, Trial, known_answers, plan
from timbre.listening.report import Summary, markdown, metrics, summary

NAMES = [question.name for question in QUESTIONS[Method.ab]]


def counts(found: Summary) -> tuple[int, ...]:
    return found.counted, found.failed, found.hurried, found.unchecked


def session(listener: str, attentive: bool = True, until: int | None = None) -> list[Answer]:
    """A listener who prefers what comes first in the alphabet, and fails checks or not."""
    answers = []
    for number, trial in enumerate(plan(design(), listener)[:until]):
        side = "a" if trial.a < trial.b else "b"
        right = known_answers(trial, design())
        if not attentive:
            right = {name: "ab"["ba".index(each)] for name, each in right.items()}
        answers.append(Answer(listener, number, trial, dict.fromkeys(NAMES, side) | right))
    return answers


@pytest.mark.parametrize(("preferred", "answers"), [(0, 1), (7, 10), (10, 10), (0, 30), (41, 77)])
def test_intervals_are_quantiles_of_beta_and_p_adds_up(preferred: int, answers: int) -> None:
    found = Preference("x", "y", 1, answers, preferred)
    low, high = found.interval
    rest = answers - preferred
    assert low == pytest.approx(beta.ppf(0.025, preferred, rest + 1) if preferred else 0)
    assert high == pytest.approx(beta.ppf(0.975, preferred + 1, rest) if rest else 1)
    tail = binom.cdf(min(preferred, rest), answers, 0.5)
    assert found.p == pytest.approx(min(1, 2 * tail))
    assert low <= found.share <= high


def test_answers_are_counted_for_the_system_whatever_its_side() -> None:
    answers = [answer for listener in ("0", "1", "2") for answer in session(listener)]
    found = summary(design(), answers)
    assert counts(found) == (3, 0, 0, 0)
    for preferences in found.pairs.values():
        assert [(each.one, each.other) for each in preferences] == [*design().pairs()]
        assert sum(each.answers for each in preferences) == 3 * 6  # neither training nor checks
        assert all(each.share == 1 for each in preferences)
        assert all(each.listeners == 3 for each in preferences)


def test_who_fails_a_check_is_left_out_and_counted() -> None:
    good = session("0")
    bad = session("1", attentive=False)
    half = session("2", until=1)
    found = summary(design(), good + bad + half)
    assert found == summary(design(), good)._replace(failed=1, unchecked=1)
    hurried = [each._replace(listener="3", seconds=7.9, lasts=10.0) for each in good]
    assert summary(design(), good + hurried) == summary(design(), good)._replace(hurried=1)
    slow = [each._replace(seconds=8.0, lasts=10.0) for each in good]
    assert summary(design(), slow) == summary(design(), good)

    # one wrong answer in one of the checks is enough
    number = next(n for n, each in enumerate(good) if each.trial.kind is Kind.check)
    for question in ("timbre", "melody"):
        wrong = "ab"["ba".index(good[number].choices[question])]
        changed = good[number]._replace(choices=good[number].choices | {question: wrong})
        spoilt = [*good[:number], changed, *good[number + 1 :]]
        assert counts(summary(design(), spoilt)) == (0, 1, 0, 0)
    # which of content and style sounds better is nobody's business
    changed = good[number]._replace(choices=good[number].choices | {"quality": "b"})
    found = summary(design(), [*good[:number], changed, *good[number + 1 :]])
    assert counts(found) == (1, 0, 0, 0)


def test_questions_are_counted_apart() -> None:
    choices = {"timbre": "a", "melody": "b", "quality": "a"}
    check = Trial(Kind.check, "case0", ("copy_content", "copy_style"))
    trial = Trial(Kind.test, "case0", ("betanet", "alphanet"))
    right = known_answers(check, design()) | {"quality": "a"}
    found = summary(design(), [Answer("0", 0, check, right), Answer("0", 1, trial, choices)])
    preferred = {name: rows[0].preferred for name, rows in found.pairs.items()}
    assert preferred == {"timbre": 0, "melody": 1, "quality": 0}


def test_markdown_and_metrics_say_the_same() -> None:
    found = summary(design(), session("0"))
    text = markdown(found)
    for question in QUESTIONS[Method.ab]:
        assert f"## {question.text}\n" in text
    row = "| alphanet | betanet | 1 | 2 | 0 | 100 % | 16 to 100 % | 0.500 | 1.000 |"
    assert text.count(row) == 3
    figures = metrics(found)
    assert figures["timbre"]["alphanet_over_betanet"] == pytest.approx(
        {
            "listeners": 1, "answers": 2, "ties": 0, "share": 1.0, "low": 0.1581, "high": 1.0,
            "p": 0.5, "p_holm": 1.0,
        },
        abs=1e-4,
    )  # fmt: skip
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_no_answers_are_dashes() -> None:
    found = summary(design(), [])
    assert f"| alphanet | betanet | 0 | 0 | 0 |{f' {DASH} |' * 4}" in markdown(found)
    assert metrics(found)["timbre"] == {}


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml")])
def test_the_picture_is_the_same_each_time(tmp_path: Path, name: str, start: bytes) -> None:
    found: Summary = summary(design(), session("0"))
    write(tmp_path / name, kind(tmp_path / name), found)
    first = (tmp_path / name).read_bytes()
    assert first.startswith(start)
    write(tmp_path / name, kind(tmp_path / name), found)
    assert (tmp_path / name).read_bytes() == first


def test_a_picture_of_another_kind_is_refused_before_anything_is_read() -> None:
    with pytest.raises(InputError, match=r"^expected a picture that ends with .png or .svg"):
        words = ["listen", "report", "none.sqlite", "--plot", "a.pdf"]
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_the_command_prints_the_tables_and_writes_the_files(tmp_path: Path) -> None:
    kept = begin(tmp_path / "answers.sqlite", design())
    for answer in session("0"):
        kept.store(answer)
    kept.close()
    words = [str(tmp_path / name) for name in ("answers.sqlite", "a.json", "a.svg")]
    words[1:] = ["--json", words[1], "--plot", words[2]]
    result = CliRunner().invoke(app, ["listen", "report", *words], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout == markdown(summary(design(), session("0")))
    assert json.loads((tmp_path / "a.json").read_text()) == metrics(summary(design(), session("0")))
    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_all_answers_are_written_as_a_table(tmp_path: Path) -> None:
    given = session("0") + session("1", attentive=False, until=7)
    answers = begin(tmp_path / "answers.sqlite", design())
    for answer in given:
        answers.store(answer)
    answers.close()
    words = ["listen", "export", str(tmp_path / "answers.sqlite"), "--csv", str(tmp_path / "a.csv")]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(given)
    for row, answer in zip(rows, sorted(given, key=lambda each: each[:2]), strict=True):
        assert (row["listener"], int(row["number"])) == answer[:2]
        for question, side in answer.choices.items():
            assert row[question] == row[side]  # the system, not the side
        assert (row["right"] != "") == (row["kind"] == "check")
        assert row["right"] != "0" or row["listener"] == "1"
        assert datetime.fromisoformat(row["answered"])


def test_a_table_does_not_take_the_place_of_the_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    begin(path, design()).close()
    before = path.read_bytes()
    for csv_path in (path, tmp_path):
        with pytest.raises(InputError, match="please give another name"):
            words = ["listen", "export", str(path), "--csv", str(csv_path)]
            CliRunner().invoke(app, words, catch_exceptions=False)
    assert path.read_bytes() == before
