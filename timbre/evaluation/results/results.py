"""Scores of the systems: the metrics and what they mean, and a score for each case."""

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from timbre.core.errors import InputError
from timbre.evaluation.results.statistics import Interval, Scores, bootstrap

System = Mapping[str, Scores]  # metric: scores by case


class Metric(NamedTuple):
    """Description of a metric."""

    heading: str
    better: str  # lower, higher, or what is ideal
    digits: int  # after the point
    meaning: str  # one line for a reader who is new to it

    @property
    def lower_is_better(self) -> bool | None:
        """None if the best value lies in between."""
        return {"lower": True, "higher": False}.get(self.better)


METRICS = {
    "lsd": Metric(
        "LSD",
        "lower",
        2,
        "log-spectral distance to the target in dB, computed as Cífka et al. do: "
        "both clips are first brought to one loudness",
    ),
    "lsd_frames": Metric(
        "LSD by frame",
        "lower",
        2,
        "the same distance, with the mean taken over frames, as is usual elsewhere",
    ),
    "lsd_raw": Metric("LSD with level", "lower", 2, "LSD where a wrong loudness counts too"),
    "lsd_frames_raw": Metric(
        "LSD by frame, with level", "lower", 2, "LSD by frame where a wrong loudness counts too"
    ),
    "rough": Metric(
        "roughness",
        "near 1",
        2,
        "how much the sound changes from frame to frame against the target's: "
        "below 1 is blurred, above 1 is noisy",
    ),
    "timbre": Metric(
        "timbre",
        "lower",
        3,
        "how unlike the target's the sound is (the style's, where there is no target), heard by a "
        "network that was trained to tell timbres apart: 0 is the same timbre, 2 the opposite",
    ),
    "jaccard": Metric(
        "pitch",
        "lower",
        3,
        "the share of pitches that are wrong (Jaccard distance), as Melodia follows them: "
        "0 is every pitch right, 1 is none",
    ),
    "onset_f1": Metric(
        "onset F1",
        "higher",
        3,
        "notes with the right pitch that begin at the right time, as Basic Pitch hears them",
    ),
    "note_f1": Metric("note F1", "higher", 3, "the same, where notes must also end rightly"),
    "frame_f1": Metric(
        "frame F1", "higher", 3, "all pitches that sound at a time against those of the notes"
    ),
    "family": Metric(
        "family",
        "higher",
        2,
        "the share of cases in which a classifier hears the style's family of instruments",
    ),
}


def read(folder: Path) -> dict[str, System]:
    """Read the scores of all systems.

    Args:
        folder: with a CSV a system, a row a case, a column a metric; an empty cell is no score.

    Returns:
        For each system by name its scores, in the order of `METRICS`.

    Raises:
        InputError: if there are none, or if a column is no metric or a cell no number.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise InputError(
            f"expected a CSV file with the scores of each system in {folder}, found none; "
            "please make them with `./run dvc repro`."
        )
    return {path.stem: _read(path) for path in paths}


def _read(path: Path) -> System:
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        names, rows = list(reader.fieldnames or []), list(reader)
    unknown = set(names) - {"case", *METRICS}
    if "case" not in names or unknown:
        raise InputError(
            f"{path}: expected the columns case, {', '.join(METRICS)}, got {', '.join(names)}; "
            "please score the system again with `./run dvc repro`."
        )
    try:
        return {
            metric: {row["case"]: float(row[metric] or "nan") for row in rows}
            for metric in METRICS
            if metric in names
        }
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a number in each cell, got a cell that is none ({error}); "
            "please score the system again with `./run dvc repro`."
        ) from None


def summary(
    systems: Mapping[str, System], resamples: int, seed: int
) -> dict[str, dict[str, Interval]]:
    """Mean and interval of each metric of each system; what has no score at all is left out."""
    table: dict[str, dict[str, Interval]] = {}
    for name, system in systems.items():
        intervals = {metric: bootstrap(s, resamples, seed) for metric, s in system.items()}
        table[name] = {metric: each for metric, each in intervals.items() if each.cases}
    return table


def mean_of(scores: Scores, cases: Iterable[str]) -> tuple[float, int]:
    """Mean over some cases, and how many of them have a score; NaN if none has."""
    known = [s for case in cases if not math.isnan(s := scores.get(case, math.nan))]
    return (math.fsum(known) / len(known) if known else math.nan), len(known)


def ranked(scores: Scores, lower_is_better: bool) -> list[tuple[str, float]]:
    """The cases with their scores, the best first; equal ones by name."""
    known = [(case, score) for case, score in scores.items() if not math.isnan(score)]
    return sorted(known, key=lambda each: (each[1] if lower_is_better else -each[1], each[0]))
