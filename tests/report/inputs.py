"""Inputs of the report: few cases, few systems, and what was kept of them."""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from stages import report
from timbre.core.files import write_json
from timbre.core.notes import notes_from_columns
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics.registry import METRICS

RATE = 16_000


PIANO, STRINGS = (1.0, 0.4, 0.1), (0.5, 0.5, 0.4, 0.3)  # amplitudes of harmonics


SYSTEMS = ("copy_content", "vqvae_self", "vqvae", "glow", "vqvae_shuffled", "resynthesis")


def played(pitches: list[int], harmonics: tuple[float, ...], seconds: float) -> NDArray[np.float32]:
    """Notes one after the other, each a decaying tone of these harmonics."""
    length = round(seconds * RATE) // len(pitches)
    time = np.arange(length) / RATE
    tones = [
        sum(
            amplitude * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * (n + 1) * time)
            for n, amplitude in enumerate(harmonics)
        )
        * np.exp(-2 * time)
        for pitch in pitches
    ]
    return (0.1 * np.concatenate(tones)).astype(np.float32)


def case(number: int, seconds: float = 0.5, target: bool = True) -> Case:
    """A test case: four notes of piano to be played by strings."""
    rng = np.random.default_rng(number)
    pitches, others = (rng.integers(50, 80, 4).tolist() for _ in range(2))
    starts = np.arange(4) * seconds / 4
    return Case(
        name=f"case{number:02}",
        group=("near", "far")[number % 2],
        content_timbre="piano <1>",
        style_timbre="strings",
        content_family=("piano", "organ")[number % 2],
        style_family="strings",
        font="TimGM6mb" if target else "",
        notes=notes_from_columns(pitches, [90] * 4, starts, starts + seconds / 4),
        content=played(pitches, PIANO, seconds),
        style=played(others, STRINGS, seconds),
        target=played(pitches, STRINGS, seconds) if target else None,
    )


class Inputs(NamedTuple):
    """Where what the report reads lies, and how the stage is called."""

    folder: Path

    @property
    def arguments(self) -> list[str]:
        """Of the command, in its order."""
        read = "benchmark.parquet", "benchmark.json", "cases", "train", "cost", "examples"
        written = "report.md", "report.html", "scores.csv", "plots"
        return ["stages.report", *read, "history", *written]

    def write(self, cases: list[Case], systems: tuple[str, ...], kept: int) -> None:
        """Write all files as the stages before leave them."""
        benchmark.write(self.folder / "benchmark.parquet", cases, RATE)
        write_json(self.folder / "benchmark.json", {"cases": len(cases), "fonts": {"a": 1.5}})
        write_json(self.folder / "train/vqvae.json", {"valid_loss": 0.5, "parameters": 1234567})
        write_json(self.folder / "train/timbre.json", {"triplet_accuracy": 0.9})
        history = self.folder / "history/vqvae.csv"
        history.parent.mkdir()
        history.write_text("step,train_loss,valid_loss\n10,2.5,2\n20,1.5,1\n")
        for number, system in enumerate(systems):
            scores = {each.name: self.scores(each, n, number) for n, each in enumerate(cases)}
            self.write_scores(system, scores)
            cost = {"realtime": 2.5, "parameters": 10, "memory_mb": 300.5, "device": "CPU"}
            write_json(self.folder / f"cost/{system}.json", cost)
            (self.folder / "examples" / system).mkdir(parents=True)
            for each in cases[:kept]:
                path = self.folder / f"examples/{system}/{each.name}.flac"
                path.write_bytes(benchmark.flac(each.content, RATE))

    def scores(self, each: Case, number: int, system: int) -> dict[str, float | None]:
        """Figures that differ from case to case and from system to system."""
        rng = np.random.default_rng([number, system])
        values: dict[str, float | None] = {
            name: round(float(rng.uniform(1, 2)) * (10 if name.startswith("lsd") else 0.4), 4)
            for name in METRICS
        }
        if each.target is None:
            values |= dict.fromkeys(name for name in METRICS if name.startswith("lsd"))
        return values

    def write_scores(self, system: str, scores: dict[str, dict[str, float | None]]) -> None:
        """Write a system's scores; None is an empty cell."""
        path = self.folder / f"cases/{system}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["case", *METRICS], lineterminator="\n")
            writer.writeheader()
            writer.writerows({"case": name} | values for name, values in scores.items())

    def run(self) -> None:
        """Run the stage in this process, which has imported everything."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", self.arguments)
            report.main()
