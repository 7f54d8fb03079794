"""Answers of a listening test, in one SQLite file: what was acknowledged is on the disk.

Write-ahead log, flushed at each commit: a process that is killed, or a machine that loses power,
loses no answer that a listener was told is stored.
"""

import json
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from pydantic import ValidationError

from timbre.core.errors import InputError
from timbre.listening.design import Design
from timbre.listening.plan import Kind, Trial

APPLICATION = 0x54494D42  # "TIMB", in the file's header
SCHEMA_VERSION = 2  # of the tables
_TABLES = f"""
CREATE TABLE design (definition TEXT NOT NULL, secret TEXT NOT NULL) STRICT;
CREATE TABLE listeners (
    listener TEXT PRIMARY KEY,
    participant TEXT NOT NULL,  -- what a panel calls them, or empty
    consented TEXT,  -- UTC
    headphones INTEGER NOT NULL DEFAULT 0  -- whether they passed that check
) STRICT, WITHOUT ROWID;
CREATE TABLE answers (
    listener TEXT NOT NULL,
    number INTEGER NOT NULL,  -- of the trial in the listener's plan, from 0
    kind TEXT NOT NULL CHECK (kind IN ({", ".join(f"'{kind}'" for kind in Kind)})),
    "case" TEXT NOT NULL,
    clips TEXT NOT NULL CHECK (json_valid(clips)),  -- what was on A, B, ...
    choices TEXT NOT NULL CHECK (json_valid(choices)),  -- by question
    seconds REAL,  -- from the first sight of the trial; null if a server began in between
    lasts REAL NOT NULL,  -- seconds that its clips last together
    answered TEXT NOT NULL DEFAULT (datetime('now')),  -- UTC
    PRIMARY KEY (listener, number)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {SCHEMA_VERSION};
"""
_COLUMNS = 'listener, number, kind, "case", clips, choices, seconds, lasts'
MIN_SHARE = 0.8  # share of the clips' length, below which nobody has heard them


class Answer(NamedTuple):
    """Answer of a listener to a trial."""

    listener: str
    number: int
    trial: Trial
    choices: dict[str, Any]  # by question: the side, or in ratings a number by side
    seconds: float | None = None  # that it took
    lasts: float = 0.0  # s, of all clips
    answered: str = ""  # when, UTC
    participant: str = ""

    @property
    def is_hurried(self) -> bool:
        """Whether it came sooner than the clips can be heard."""
        return self.seconds is not None and self.seconds < MIN_SHARE * self.lasts


class Answers:
    """An open file of answers.

    Args:
        connection: to it, each statement a transaction.
        secret: random text of the file's own, for tokens that cannot be guessed.
    """

    def __init__(self, connection: sqlite3.Connection, secret: str) -> None:
        self._connection = connection
        self.secret = secret

    def store(self, answer: Answer) -> None:
        """Keep an answer; it is on the disk on return. A second one to the same trial is not kept.

        Raises:
            sqlite3.Error: if it could not be kept.
        """
        kind, case, clips = answer.trial
        values = (
            answer.listener, answer.number, kind, case, json.dumps(clips),
            json.dumps(answer.choices), answer.seconds, answer.lasts,
        )  # fmt: skip
        self._connection.execute(
            f"INSERT INTO answers ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})"
            " ON CONFLICT (listener, number) DO NOTHING",
            values,
        )

    def answered(self, listener: str) -> set[int]:
        """The numbers of the trials that a listener has answered."""
        return {
            number
            for (number,) in self._connection.execute(
                "SELECT number FROM answers WHERE listener = ?", (listener,)
            )
        }

    def welcome(self, listener: str, participant: str = "") -> None:
        """Know a listener, perhaps by what a panel calls them; known ones stay as they are."""
        self._connection.execute(
            "INSERT INTO listeners (listener, participant) VALUES (?, ?)"
            " ON CONFLICT (listener) DO NOTHING",
            (listener, participant),
        )

    def note(self, listener: str, what: str) -> None:
        """Keep that a listener has agreed ("consented"), or passed the check of "headphones"."""
        value = {"consented": "datetime('now')", "headphones": "1"}[what]
        self.welcome(listener)
        self._connection.execute(
            f"UPDATE listeners SET {what} = {value} WHERE listener = ?", (listener,)
        )

    def noted(self, listener: str) -> set[str]:
        """Which of these a listener has done."""
        row = self._connection.execute(
            "SELECT consented, headphones FROM listeners WHERE listener = ?", (listener,)
        ).fetchone()
        names = ("consented", "headphones")
        return {name for name, value in zip(names, row or (None, 0), strict=True) if value}

    def close(self) -> None:
        """Bring the log into the file and let go of it."""
        self._connection.close()


def begin(path: Path, design: Design) -> Answers:
    """Open a file of answers to a test; make it if there is none.

    Raises:
        InputError: if it is something else or belongs to another test.
    """
    with ExitStack() as opened:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            opened.callback(connection.close)
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                _make(connection, design)
            stored_design, secret = _definition(connection, path)
            connection.execute("COMMIT")
            _check_same(stored_design, design, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, OSError) as error:
            raise InputError(_unusable(path, error)) from None
        opened.pop_all()
    return Answers(connection, secret)


def _make(connection: sqlite3.Connection, design: Design) -> None:
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    values = (design.model_dump_json(), token_hex(16))
    connection.execute("INSERT INTO design VALUES (?, ?)", values)


def read(path: Path) -> tuple[Design, list[Answer]]:
    """A test and all answers to it, in the order of listeners and trials.

    Raises:
        InputError: if there is no such file.
    """
    if not path.is_file():
        raise InputError(
            f"expected answers of a listening test, found no file {path}; please mend its path."
        )
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            design, _ = _definition(connection, path)
            rows = connection.execute(
                f"SELECT {_COLUMNS}, answered, coalesce(participant, '') FROM answers"
                " LEFT JOIN listeners USING (listener) ORDER BY listener, number"
            ).fetchall()
    except sqlite3.Error as error:
        raise InputError(_unusable(path, error)) from None
    return design, [
        Answer(
            listener, number, Trial(Kind(kind), case, tuple(json.loads(clips))),
            json.loads(choices), *rest,
        )
        for listener, number, kind, case, clips, choices, *rest in rows
    ]  # fmt: skip


def _unusable(path: Path, error: Exception | str) -> str:
    return (
        f"expected a file of answers to a listening test in {path}: {error}; please name another."
    )


def _definition(connection: sqlite3.Connection, path: Path) -> tuple[Design, str]:
    """The test that a file belongs to, and its secret."""
    header = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if header != (APPLICATION, SCHEMA_VERSION):
        raise InputError(
            f"expected a file of answers to a listening test in version {SCHEMA_VERSION}, {path} "
            "is another kind of database or of another version; please name another."
        )
    definition, secret = connection.execute("SELECT definition, secret FROM design").fetchone()
    try:
        return Design.model_validate_json(definition), secret
    except ValidationError as error:
        raise InputError(_unusable(path, error.errors()[0]["msg"])) from None


def _check_same(stored: Design, design: Design, path: Path) -> None:
    """Refuse another test than the file's, by the first thing that differs."""
    tests = [
        {
            **each.model_dump(mode="json", exclude={"systems", "clips", "questions"}),
            "systems": ", ".join(sorted(each.systems)),
            "questions": ", ".join(f"{one.name} ({one.text})" for one in each.questions),
            "clips": f"those of fingerprint {each.clips}",
        }
        for each in (stored, design)
    ]
    for (name, before), now in zip(tests[0].items(), tests[1].values(), strict=True):
        if before != now:
            raise InputError(
                f"expected the test that {path} was begun with, its {name} are {before}, here they "
                f"are {now}; please give the same folder and options, or other --answers."
            )
