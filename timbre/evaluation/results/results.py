"""Scores of the systems, a score for each case and metric."""

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from timbre.core.errors import InputError
from timbre.evaluation.metrics.registry import METRICS
from timbre.evaluation.results.statistics import Interval, Scores, bootstrap

System = Mapping[str, Scores]  # metric: scores by case


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
    values = [s for case in cases if not math.isnan(s := scores.get(case, math.nan))]
    return (math.fsum(values) / len(values) if values else math.nan), len(values)


def ranked(scores: Scores, lower_is_better: bool) -> list[tuple[str, float]]:
    """The cases with their scores, the best first; equal ones by name."""
    pairs = [(case, score) for case, score in scores.items() if not math.isnan(score)]
    return sorted(pairs, key=lambda each: (each[1] if lower_is_better else -each[1], each[0]))
