"""Cases: what a user does, what is expected of it, and how it is tried on the installed product."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from tests.conftest import ROOT

PATIENCE_SECONDS = 600


class Seen(NamedTuple):
    """What was seen, and whether it is what was expected."""

    text: str
    passed: bool


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    said: str  # on standard error
    told: str  # on standard output

    @property
    def is_refusal(self) -> bool:
        """Whether it is one sentence with what to do, and no traceback."""
        sentence = self.said.strip().splitlines()[-1] if self.said.strip() else ""
        is_sentence = re.fullmatch(r"(error: )?.*expected .*; please .*\.", sentence) is not None
        return self.code in (1, 2) and "Traceback" not in self.said and is_sentence

    def seen(self, passed: bool) -> Seen:
        """What it said last."""
        lines = (self.said.strip() or self.told.strip() or "nothing").splitlines()
        return Seen(f"exit {self.code}: {lines[-1]}", passed and "Traceback" not in self.said)

    def refused(self, *words: str) -> Seen:
        """Whether it is a refusal that holds these words."""
        return self.seen(self.is_refusal and all(word in self.said for word in words))


class Desk:
    """A folder to work in, with the commands at hand.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str | bytes, prefix: tuple[str, ...] = (), **environment: str) -> Ended:
        """Run `python -m WORDS` in the folder."""
        try:
            result = subprocess.run(
                [*prefix, sys.executable, "-m", *words],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT), "CI": ""} | environment,
                capture_output=True, text=True, errors="replace", check=False,
                timeout=PATIENCE_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Ended(124, f"not done after {PATIENCE_SECONDS} s", "")
        return Ended(result.returncode, result.stderr, result.stdout)

    def transfer(self, *words: str | bytes, **environment: str) -> Ended:
        """Run `timbre transfer` with these words."""
        return self.run("timbre", "transfer", "--quiet", *words, **environment)

    def result(self, content: str, style: str = "style.wav", *options: str) -> "Ended | Sound":
        """What becomes of a content: a sound, or how the command ended without one."""
        ended = self.transfer(content, style, "-o", "out.wav", *options)
        if ended.code:
            return ended
        samples, rate = soundfile.read(self.folder / "out.wav")
        return Sound(samples, rate)


class Sound(NamedTuple):
    """A result."""

    samples: np.ndarray  # (L,)
    rate: int  # Hz

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.rate

    def level(self, start: float, stop: float) -> float:
        """RMS from one second to another."""
        part = self.samples[round(start * self.rate) : round(stop * self.rate)]
        return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0


def sounding(result: Ended | Sound, judge: Callable[[Sound], Seen]) -> Seen:
    """The judgement on a sound; a command that ended without one has failed."""
    return judge(result) if isinstance(result, Sound) else result.seen(False)


class Case(NamedTuple):
    """A case."""

    number: int
    does: str  # what the user does
    expected: str
    check: Callable[[Desk], Seen]
    is_slow: bool  # seconds
    tests: tuple[str, ...] = ()  # of the suite, which it calls


CASES: dict[int, Case] = {}


def case(
    number: int, does: str, expected: str, *, slow: bool = True
) -> Callable[[Callable[[Desk], Seen]], Callable[[Desk], Seen]]:
    """Decorator that adds a case, tried by a function."""

    def add(check: Callable[[Desk], Seen]) -> Callable[[Desk], Seen]:
        CASES[number] = Case(number, does, expected, check, slow)
        return check

    return add


def tested(number: int, does: str, expected: str, *tests: str) -> None:
    """Add a case that tests of the suite try."""

    def check(_: Desk) -> Seen:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "", *tests],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Seen(result.stdout.strip().splitlines()[-1], result.returncode == 0)

    CASES[number] = Case(number, does, expected, check, True, tests)
