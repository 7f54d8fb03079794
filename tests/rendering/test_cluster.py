"""Workers that die, here or on a cluster: the same store in the end, or a sentence says why."""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from distributed import KilledWorker

from stages.params import load
from tests import tiny
from tests.conftest import FONT, ROOT, change, hash_of, random_midi, write_params
from timbre.core.errors import InputError
from timbre.dataset import examples, table
from timbre.music.midi import read
from timbre.rendering.cluster import faults_explained
from timbre.synthesis.soundfonts import SPLITS

SHARDS = 12
STAGE = ("stages.spectrograms", "sequences.parquet", "fonts", "out/store.zarr")
LOCAL = ("--host", "127.0.0.1", "--no-dashboard")
# a worker that is killed whenever it begins to render, as if memory ran out
DEADLY = """
import os, signal
from distributed import WorkerPlugin

class Deadly(WorkerPlugin):
    def transition(self, key, start, finish, **more):
        if finish == "executing":
            os.kill(os.getpid(), signal.SIGKILL)

async def dask_setup(worker):
    await worker.plugin_add(Deadly())
"""

Process = subprocess.Popen[bytes]
Start = Callable[..., Process]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with parameters, a font and a table of a dozen shards."""
    values = change(
        tiny.parameters(),
        {
            "audio.segment_seconds": 6.144,
            "spectrograms.chunk_examples": 1,
            "spectrograms.shard_examples": 2,
        },
    )
    params = load(write_params(tmp_path, values))
    (tmp_path / "fonts").mkdir()
    shutil.copy(FONT, tmp_path / "fonts")
    tracks, name = read(random_midi(0)), "0" * 32
    fonts = {split: ["TimGM6mb"] for split in SPLITS}
    rows = [
        examples.draw(
            tracks, name, name, number, 0, fonts, params.audio.segment_seconds,
            params.sequences,
        )._replace(split="train" if number < 16 else "test")
        for number in range(2 * SHARDS)
    ]  # fmt: skip
    table.write(tmp_path / "sequences.parquet", rows)
    return tmp_path


@pytest.fixture
def start(work: Path) -> Iterator[Start]:
    """`start(name, arguments)` runs `python -m ARGUMENTS` in a process group of its own.

    What it prints goes to `NAME.out` and `NAME.err`. None outlives the test.
    """
    started: list[Process] = []
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CI": ""}

    def start(name: str, *arguments: str, **more: str) -> Process:
        with (work / f"{name}.out").open("wb") as out, (work / f"{name}.err").open("wb") as error:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=work, env=environment | more,
                stdout=out, stderr=error, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)


def kill(process: Process) -> None:
    """End a process and its children by SIGKILL, as if the power failed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def marks(work: Path) -> int:
    """How many shards are finished."""
    return len(list(work.glob(".scratch/*/done/[!.]*")))


def until_marked(work: Path, process: Process, count: int) -> None:
    """Wait until so many shards are finished, and more are not."""
    until(lambda: marks(work) >= count or process.poll() is not None)
    assert process.poll() is None
    assert marks(work) < SHARDS


def finish(work: Path, process: Process) -> dict[str, str]:
    """Wait for the stage to succeed.

    Returns:
        The files of its store; the store is removed.
    """
    assert process.wait(300) == 0, (work / "stage.err").read_text()
    assert not list((work / ".scratch").iterdir())
    files = hash_of(work / "out" / "store.zarr")
    shutil.rmtree(work / "out")
    return files


def cluster(work: Path, start: Start, *options: str) -> tuple[str, list[Process]]:
    """Start a scheduler and two workers as a user would.

    Returns:
        The scheduler's address, and the workers.
    """
    start("scheduler", "dask", "scheduler", *LOCAL, "--port", "0", "--scheduler-file", "address")
    until(lambda: (work / "address").exists() and (work / "address").read_text())
    address = str(json.loads((work / "address").read_text())["address"])
    options = (*LOCAL, "--nworkers", "1", "--nthreads", "1", *options)
    workers = [
        start(name, "dask", "worker", address, *options, "--local-directory", name)
        for name in ("one", "two")
    ]
    for name in ("one", "two"):
        until(lambda name=name: "Registered to" in (work / f"{name}.err").read_text())
    return address, workers


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False], ids=["machine", "process"])
def test_a_worker_of_a_cluster_may_die(work: Path, start: Start, *, whole: bool) -> None:
    expected = finish(work, start("stage", *STAGE))
    address, workers = cluster(work, start)
    if whole:
        process = start("stage", *STAGE, "--scheduler", address)
    else:
        process = start("stage", *STAGE, DASK_SCHEDULER_ADDRESS=address)
    until_marked(work, process, 3)
    if whole:
        kill(workers[0])
    else:
        children = psutil.Process(workers[0].pid).children()
        (child,) = [each for each in children if "spawn_main" in " ".join(each.cmdline())]
        child.kill()
    assert finish(work, process) == expected
    assert (work / "stage.out").read_text() == "spectrograms of 16 train, 8 test examples\n"


@pytest.mark.slow
def test_a_stage_that_is_killed_again_and_again_goes_on(work: Path, start: Start) -> None:
    expected = finish(work, start("stage", *STAGE))
    process = start("stage", *STAGE)
    for count in (1, 3, 6):
        until_marked(work, process, count)
        kill(process)
        seen = marks(work)
        process = start("stage", *STAGE)
        until(lambda: (work / "stage.out").read_text().endswith("\n"))
        found = re.fullmatch(
            r"(\d+) of 12 shards are there already\n", (work / "stage.out").read_text()
        )
        assert found
        assert int(found[1]) == seen >= count
    assert finish(work, process) == expected


@pytest.mark.slow
def test_a_shard_that_kills_its_workers_ends_the_run_with_a_sentence(
    work: Path, start: Start
) -> None:
    (work / "deadly.py").write_text(DEADLY)
    address, _ = cluster(work, start, "--preload", str(work / "deadly.py"))
    process = start("stage", *STAGE, "--scheduler", address)
    assert process.wait(300) == 2
    sentence = (
        r"error: expected workers that live, lost 4 in a row with shard t\w+-\d{8}; .* kept\."
    )
    assert re.fullmatch(sentence, (work / "stage.err").read_text().splitlines()[-1])
    assert (work / "stage.out").read_text() == ""
    assert not (work / "out").exists()


def test_a_scheduler_that_is_not_there_is_told_in_a_sentence(work: Path, start: Start) -> None:
    timeout = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    process = start("stage", *STAGE, "--scheduler", "tcp://127.0.0.1:1", **timeout)
    assert process.wait(120) == 2
    error = (work / "stage.err").read_text()
    assert re.fullmatch(r"error: expected a dask scheduler at tcp://127\.0\.0\.1:1, .*\n", error)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KilledWorker("task", None, 3), r"workers that live, lost 4 .* shard train-0; .* kept\.$"),  # type: ignore[arg-type]
        (MemoryError(), r"^expected memory enough for shard train-0, .* run it again\.$"),
        (OSError(errno.ENOSPC, "full"), r"room for shard train-0, the disk is full; .* kept\.$"),
        (OSError(errno.EDQUOT, "full"), r"room for shard train-0, the disk is full; .* kept\.$"),
    ],
)
def test_what_a_machine_lacks_is_told_in_a_sentence(error: Exception, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence), faults_explained("train-0"):
        raise error


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "no"), ValueError(), KeyboardInterrupt()])
def test_other_errors_stay_what_they_are(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, faults_explained("train-0"):
        raise error
    assert caught.value is error
