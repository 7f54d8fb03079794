"""Runs of one system over the test cases, and what they cost."""

import os
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from timbre.core.signal import Signal
from timbre.evaluation.cases.cases import Case, Cases
from timbre.evaluation.systems.systems import System

MEBIBYTE = 2**20
MAX_REPEATED_SECONDS = 5.0  # seconds, above which a case is not run again to be timed
WORKERS = get_context("forkserver")


class Task(NamedTuple):
    """A system on the test cases, as workers are told of it."""

    build: Callable[[], System]  # by a worker; can be pickled
    cases: Path
    shuffled: bool  # give each case the style clip of another one, which is to do harm
    seed: int  # of what a system draws; a case's own number is mixed in


class SystemRunner:
    """A system and the cases that it is tried on, in one process.

    Args:
        task: what to run.
    """

    def __init__(self, task: Task) -> None:
        self.cases = Cases(task.cases)
        self.system = task.build()
        self._shuffled, self._seed = task.shuffled, task.seed

    def case(self, number: int) -> Case:
        """A case as the system is given it."""
        case = self.cases[number]
        if not self._shuffled:
            return case
        count = len(self.cases)
        others = (self.cases[(number + step) % count] for step in range(1, count))
        other = next((o for o in others if o.style_timbre != case.style_timbre), case)
        return case._replace(style=other.style)

    def output(self, number: int) -> Signal | None:
        """Output of the system for a case: `(L,)`, or None where it lacks what it takes."""
        return self.system(self.case(number), self._seed + number)

    def measured(self, number: int) -> tuple[Signal | None, dict[str, float]]:
        """The output for a case, and what it cost, in a process that has done nothing else.

        Returns:
            The output as `output` gives it, and, where there is one, `realtime`, seconds of audio a
            second of computing on one core; `parameters`, numbers learned; `memory_mb`, at the
            peak, all libraries included.
        """
        length = len(self.cases[number].content)
        output, seconds = self._timed(number)
        if output is None:
            return None, {}
        # what is made once is none of a case's cost, but it hardly shows in a long one
        if seconds < MAX_REPEATED_SECONDS:
            _, seconds = self._timed(number)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEBIBYTE
        return output, {
            "realtime": float(f"{length / self.cases.sample_rate / seconds:.3g}"),
            "parameters": getattr(self.system, "parameters", 0),
            "memory_mb": round(peak),
        }

    def _timed(self, number: int) -> tuple[Signal | None, float]:
        """The output for a case and the seconds it took, reading the case left out."""
        case = self.case(number)
        begun = time.perf_counter()
        output = self.system(case, self._seed + number)
        return output, time.perf_counter() - begun


def spread(groups: Sequence[str], count: int) -> list[int]:
    """Choice of cases where not all are taken: the first of each group, then the second, ...

    So fewer are always among more, and no bin of the benchmark is left out.
    """
    counts: dict[str, int] = {}
    ranks = []
    for number, group in enumerate(groups):
        ranks.append((counts.setdefault(group, 0), number))
        counts[group] += 1
    return [number for _, number in sorted(ranks)][:count]


_STATE: dict[str, Any] = {}  # of a worker: its task, and what runs it once it is built


def _begin(task: Task) -> None:
    """Tell a worker its task."""
    _STATE["task"] = task


def _runner() -> SystemRunner:
    """The runner of this worker, built by its first case, so that what it raises is told."""
    if "runner" not in _STATE:
        _STATE["runner"] = SystemRunner(_STATE["task"])
    runner: SystemRunner = _STATE["runner"]
    return runner


def _output(number: int) -> Signal | None:
    """The output for a case, in a worker."""
    return _runner().output(number)


def _measured(number: int) -> tuple[Signal | None, dict[str, float]]:
    """The output for a case and its cost, in a worker beside which nothing else runs."""
    return _runner().measured(number)


def measure(task: Task, number: int) -> tuple[Signal | None, dict[str, float]]:
    """The output for a case and its cost, see `SystemRunner.measured`, in a process of its own."""
    with ProcessPoolExecutor(1, WORKERS, _begin, (task,)) as pool:
        return pool.submit(_measured, number).result()


def run_all(task: Task, numbers: Sequence[int], name: str) -> dict[int, Signal | None]:
    """The outputs for some cases, on all cores.

    Args:
        task: what to run.
        numbers: of the cases.
        name: that the progress bar shows.
    """
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, WORKERS, _begin, (task,)) as pool:
        jobs = {number: pool.submit(_output, number) for number in numbers}
        waiting = tqdm(jobs.items(), desc=name, unit="case")
        return {number: job.result() for number, job in waiting}
