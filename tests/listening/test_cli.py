"""`timbre listen` as a process: a kill loses nothing acknowledged; mistakes are one sentence."""

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from tests import shipped
from tests.conftest import ROOT, run_stage
from tests.listening.listeners import BEST, Client, opened, write_clips
from timbre.listening.answers import read
from timbre.listening.design import Design
from timbre.listening.plan import Kind, Trial, known_answers, plan
from timbre.listening.report import summary

WITHOUT_TORCH = """
import atexit, sys
from timbre.cli.main import main
atexit.register(lambda: print(sorted({"torch", "dask"} & sys.modules.keys())))
main()
"""


@contextmanager
def serving(folder: Path, answers: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own, with its address."""
    words = ["listen", str(folder), "--answers", str(answers), "--port", "0", *more]
    with subprocess.Popen(
        [sys.executable, "-c", WITHOUT_TORCH, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            told = process.stdout.readline()
            assert re.search(r"will show from about \d+ listeners on .*; about \d+ minutes", told)
            yield process, process.stdout.readline().split()[3].strip("/,")
        finally:
            process.kill()


def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    folder, answers = write_clips(tmp_path / "examples"), tmp_path / "answers.sqlite"
    tokens = []
    with serving(folder, answers, "--trials", "3") as (process, address):
        client = Client(address)
        for _ in range(3):
            tokens.append(str(client.token()))
            assert client.answer(tokens[-1], **BEST)[0] == 200
        waiting = client.token()
        process.send_signal(signal.SIGKILL)
    assert len(read(answers)[1]) == 3

    with serving(folder, answers, "--trials", "3") as (process, client.address):
        assert client.token() == waiting  # the same listener at the same trial
        client.answer(tokens[-1], **BEST)  # sent again, for its browser does not know better
        while token := client.token():
            assert client.answer(token, **BEST)[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.read() == "[]\n"  # it did without the heavy packages
        assert process.wait() == 0
    design, rows = read(answers)
    assert [row.trial for row in rows] == plan(design, rows[0].listener)
    assert not [*tmp_path.glob("answers.sqlite-*")]  # one file remains


def test_mistakes_are_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    result = run_stage(tmp_path, "timbre", "listen", "none", "--answers", "answers.sqlite")
    assert result.returncode == 2
    assert result.stderr.startswith("error: expected a folder with a folder for each system, none")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "answers.sqlite").exists()


PREFERRED = ("alphanet", "betanet", "gammanet")  # by those who listen, from best to worst
RATINGS = {"resynthesis": 96, "alphanet": 80, "betanet": 60, "gammanet": 40, "anchor_3500_hz": 30}
LISTENERS, CARELESS = 18, 6


def compared(trial: Trial, design: Design, number: int) -> dict[str, str]:
    """What listener `number` says of a comparison; the last ones listen to nothing."""
    if number >= LISTENERS - CARELESS:
        wrong = {"a": "b", "b": "a"}
        known = {name: wrong[side] for name, side in known_answers(trial, design).items()}
        return dict.fromkeys(BEST, "a") | known
    first, second = (name in PREFERRED and PREFERRED.index(name) for name in trial.clips)
    chosen = "a" if first < second else "b"
    if trial.kind is Kind.test and second + first == 1 and number % 4 == 0:
        chosen = "tie"  # some hear no difference between the best two
    return dict.fromkeys(BEST, chosen) | known_answers(trial, design)


def rated(trial: Trial, design: Design, number: int) -> dict[str, str]:
    """What listener `number` rates; of the last ones some give all the same, some guess."""
    given = {}
    for side, name in trial.sides.items():
        value = RATINGS.get(name, 20) + (number + len(name)) % 5 - 2
        if number >= LISTENERS - CARELESS:
            value = 100 if number % 2 else (37 * ord(side) + number) % 101 // 2
        given[f"similarity.{side}"] = str(max(0, min(100, value)))
    return given


@pytest.mark.parametrize(
    ("method", "said"), [("ab", compared), ("mushra", rated)], ids=["comparisons", "MUSHRA"]
)
def test_a_panel_is_reported_rightly_though_its_server_is_killed_half_way(
    tmp_path: Path, method: str, said: Callable[[Trial, Design, int], dict[str, str]]
) -> None:
    folder, answers = write_clips(tmp_path / "examples"), tmp_path / "answers.sqlite"
    options = ["--method", method, *(["--ties"] if method == "ab" else [])]
    clients: list[Client] = []
    acknowledged = 0

    def answer(number: int, most: int) -> int:
        client, done = clients[number], 0
        design = read(answers)[0]
        while done < most and (token := client.token()):
            place = sum(each.listener == client.listener for each in read(answers)[1])
            trial = plan(design, client.listener)[place]
            known = ["reference"] if method == "mushra" else ["content", "style"]
            played = ",".join([*known, *trial.sides])
            assert client.answer(token, played, **said(trial, design, number))[0] == 200
            done += 1
        return done

    with serving(folder, answers, *options) as (process, address):
        for number in range(LISTENERS):
            clients.append(Client(address))
            assert clients[-1].get(f"/?participant=P{number}")[0] == 200
            acknowledged += answer(number, 2)
        process.send_signal(signal.SIGKILL)
    assert len(read(answers)[1]) == acknowledged == 2 * LISTENERS

    with serving(folder, answers, *options) as (process, address):
        for number, client in enumerate(clients):
            client.address = address
            acknowledged += answer(number, 100)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    design, rows = read(answers)
    assert len(rows) == acknowledged == LISTENERS * len(plan(design, "0" * 16))

    # short clips, answered by a script: how long it took is another test's matter
    found = summary(design, [row._replace(seconds=None) for row in rows])
    assert (found.counted, found.failed) == (LISTENERS - CARELESS, CARELESS)
    for ranked in found.rankings.values():
        systems = [each.system for each in ranked if each.system in PREFERRED]
        assert systems == [*PREFERRED]
        assert all(each.low <= each.value <= each.high for each in ranked)
    if method == "mushra":
        ranked = {each.system: each.value for each in found.rankings["similarity"]}
        assert ranked == pytest.approx(RATINGS | {"anchor_7000_hz": 20}, abs=2)
        assert all(each.p < 0.001 for each in found.pairs["similarity"])

    written = run_stage(tmp_path, "timbre", "listen", "export", str(answers), "--csv", "a.csv")
    assert written.returncode == 0
    with (tmp_path / "a.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    sides = 1 if method == "ab" else len(design.rated())
    assert len(table) == len(rows) * sides
    assert {row["participant"] for row in table} == {f"P{n}" for n in range(LISTENERS)}
    for row, kept in zip(table[::sides], rows, strict=True):
        assert (row["listener"], row["number"]) == (kept.listener, str(kept.number))


def test_a_test_is_made_from_the_clips_and_models_that_ship(tmp_path: Path) -> None:
    weights = shipped.write(tmp_path / "weights")
    words = ["listen", "demo", "test", "--weights", str(weights)]
    made = run_stage(tmp_path, "timbre", *words)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "timbre listen test --answers answers.sqlite --ties\n"
    design, clips = opened(tmp_path / "test", trials=20, ties=True)
    assert sorted(design.systems) == ["content", "glow", "vqvae"]
    for case, path in clips["glow"].items():
        one, other = soundfile.info(path), soundfile.info(clips["copy_content"][case])
        assert (one.frames, one.samplerate) == (other.frames, other.samplerate)
    again = run_stage(tmp_path, "timbre", *words)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "abx"], "expected a --method among ab, mushra, rating"),
        (["--method", "rating", "--ties"], "expected --ties with the method ab"),
        (["--method", "mushra", "--reference", "none"], "expected a folder none in "),
        (["--questions", "none.yaml"], "expected a file of questions in none.yaml"),
        (["--questions", "empty.yaml"], "expected questions in empty.yaml, the file"),
        (["--consent", "none.md"], "expected a text in Markdown in none.md"),
        (["--closing", "empty.yaml"], "expected a text in Markdown, empty.yaml is empty"),
    ],
)
def test_what_makes_no_test_is_one_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    write_clips(tmp_path / "examples")
    (tmp_path / "empty.yaml").touch()
    result = run_stage(
        tmp_path, "timbre", "listen", "examples", "--answers", "a.sqlite", "--port", "0", *words
    )
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {said}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "a.sqlite").exists()
