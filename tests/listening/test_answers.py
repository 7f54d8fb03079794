"""Answers of listening tests: kept once, on disk, with the test that they belong to."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.listening.listeners import BEST, design
from timbre.core.errors import InputError
from timbre.listening.answers import Answer, begin, read
from timbre.listening.design import Design, Method
from timbre.listening.plan import plan

LISTENER = "0" * 16
OTHER = dict.fromkeys(BEST, "b")


def test_what_is_stored_is_read_in_order_and_a_second_answer_counts_not(tmp_path: Path) -> None:
    trials = plan(design(), LISTENER)
    with closing(begin(tmp_path / "new/answers.sqlite", design())) as answers:
        for number in (2, 0):
            answers.store(Answer(LISTENER, number, trials[number], BEST, 12.5, 9.0))
        answers.store(Answer(LISTENER, 0, trials[0], OTHER))
        assert answers.answered(LISTENER) == {0, 2}
        assert answers.answered("1" * 16) == set()
        # whoever reads while the server runs sees what is stored
        found, rows = read(tmp_path / "new/answers.sqlite")
    assert found == design()
    assert [row[:4] for row in rows] == [(LISTENER, n, trials[n], BEST) for n in (0, 2)]
    assert [row[4:6] for row in rows] == [(12.5, 9.0)] * 2


def test_what_a_listener_has_done_is_kept_and_their_name_stays(tmp_path: Path) -> None:
    with closing(begin(tmp_path / "answers.sqlite", design())) as answers:
        assert answers.noted(LISTENER) == set()
        answers.welcome(LISTENER, "panel 7")
        answers.note(LISTENER, "consented")
        answers.welcome(LISTENER, "another name")
        assert answers.noted(LISTENER) == {"consented"}
        answers.note(LISTENER, "headphones")
        answers.store(Answer(LISTENER, 0, plan(design(), LISTENER)[0], BEST))
    with closing(begin(tmp_path / "answers.sqlite", design())) as answers:
        assert answers.noted(LISTENER) == {"consented", "headphones"}
    (row,) = read(tmp_path / "answers.sqlite")[1]
    assert row.participant == "panel 7"


def test_each_commit_is_flushed(tmp_path: Path) -> None:
    with closing(begin(tmp_path / "answers.sqlite", design())) as answers:
        pragmas = [
            answers._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


def test_a_file_is_taken_up_with_its_secret_and_two_files_have_two(tmp_path: Path) -> None:
    secrets = []
    for name in ("one", "one", "two"):
        with closing(begin(tmp_path / name, design())) as answers:
            secrets.append(answers.secret)
    assert secrets[0] == secrets[1] != secrets[2]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (design(seed=1), "seed are 0, here they are 1"),
        (design(trials=7), "trials are 6, here they are 7"),
        (design().model_copy(update={"ties": True}), "ties are False, here they are True"),
        (design().model_copy(update={"method": Method.rating}), "method are ab, here they are rat"),
        (design().model_copy(update={"clips": "x"}), "clips are those of fingerprint"),
        (design().model_copy(update={"systems": {"alphanet": ["1"], "x": ["1"]}}), "systems are"),
    ],
)
def test_another_test_is_refused(tmp_path: Path, changed: Design, word: str) -> None:
    begin(tmp_path / "answers.sqlite", design()).close()
    with pytest.raises(InputError, match=rf"^expected the test that .* {word}.*--answers\.$"):
        begin(tmp_path / "answers.sqlite", changed)


@pytest.mark.parametrize("kind", ["text", "other database", "folder"])
def test_what_is_no_file_of_answers_is_refused_and_left_as_it_was(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "answers.sqlite"
    if kind == "text":
        path.write_text("no database\n" * 100)
    elif kind == "folder":
        path.mkdir()
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE design (x)")
    before = path.read_bytes() if path.is_file() else None
    for use in (lambda: begin(path, design()), lambda: read(path)):
        with pytest.raises(InputError, match=r"^expected .*answers .*listening test.*\.$"):
            use()
    assert before == (path.read_bytes() if path.is_file() else None)


def test_no_file_is_refused_by_the_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected answers .* found no file"):
        read(tmp_path / "none.sqlite")
    assert not list(tmp_path.iterdir())
