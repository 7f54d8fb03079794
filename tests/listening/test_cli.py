"""`timbre listen` as a process: a kill loses nothing acknowledged; mistakes are one sentence."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, run_stage
from tests.listening.listeners import BEST, Client, write_clips
from timbre.listening.answers import read
from timbre.listening.plan import plan

WITHOUT_TORCH = """
import atexit, sys
from timbre.cli.main import main
atexit.register(lambda: print(sorted({"torch", "dask"} & sys.modules.keys())))
main()
"""


@contextmanager
def serving(folder: Path, answers: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own, with its address."""
    words = ["listen", str(folder), "--answers", str(answers), "--port", "0", "--trials", "3"]
    with subprocess.Popen(
        [sys.executable, "-c", WITHOUT_TORCH, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            yield process, process.stdout.readline().split()[3].strip("/,")
        finally:
            process.kill()


def test_a_server_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    folder, answers = write_clips(tmp_path / "examples"), tmp_path / "answers.sqlite"
    tokens = []
    with serving(folder, answers) as (process, address):
        client = Client(address)
        for _ in range(3):
            tokens.append(str(client.token()))
            assert client.answer(tokens[-1], **BEST)[0] == 200
        waiting = client.token()
        process.send_signal(signal.SIGKILL)
    assert len(read(answers)[1]) == 3

    with serving(folder, answers) as (process, client.address):
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
