"""Spread of scores over several runs, of other seeds say."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from timbre.core.errors import InputError
from timbre.evaluation.metrics.registry import HEADLINE, METRICS

Means = Mapping[str, Mapping[str, float]]  # of a run: a mean by system and metric


class Spread(NamedTuple):
    """Mean over runs, sample standard deviation (NaN of a single run), and how many runs."""

    mean: float
    deviation: float
    runs: int


def spread(runs: Sequence[Means]) -> dict[str, dict[str, Spread]]:
    """Spread of each metric of each system over the runs that have it.

    Args:
        runs: the means of each, in the units of the metrics.
    """
    spreads: dict[str, dict[str, Spread]] = {}
    for system in sorted({name for run in runs for name in run}):
        scored = [run[system] for run in runs if system in run]
        spreads[system] = {}
        for metric in METRICS:
            if values := [means[metric] for means in scored if metric in means]:
                deviation = statistics.stdev(values) if len(values) > 1 else math.nan
                spreads[system][metric] = Spread(statistics.fmean(values), deviation, len(values))
    return spreads


def means_of(texts: Mapping[str, str], run: str) -> Means:
    """The means of a run from the texts of its JSON files, by system.

    Raises:
        InputError: if there are none, or if one is no object of numbers.
    """
    if not texts:
        raise InputError(
            f"expected a JSON file of scores a system in {run}, found none; please name a folder "
            "or a run with scores, as `./run dvc repro` makes them."
        )
    means: dict[str, dict[str, float]] = {}
    for system, text in texts.items():
        try:
            values = dict(json.loads(text))
            means[system] = {name: float(values[name]) for name in METRICS if name in values}
        except (TypeError, ValueError) as error:
            raise InputError(
                f"expected an object of numbers in {system}.json of {run}, got something else "
                f"({error}); please score the run again with `./run dvc repro`."
            ) from None
    return means


def table(spreads: Mapping[str, Mapping[str, Spread]]) -> str:
    """A table for a terminal: a line a system, mean and deviation of the headline metrics."""
    rows = [["", *HEADLINE, "runs"]]
    for system, metrics in spreads.items():
        row = [system]
        for metric in HEADLINE:
            each = metrics.get(metric)
            digits = METRICS[metric].digits
            row.append(f"{each.mean:.{digits}f} ±{each.deviation:.{digits}f}" if each else "-")
        counts = {each.runs for each in metrics.values()}
        rows.append(
            [*row, "-".join(map(str, sorted({min(counts), max(counts)}))) if counts else "0"]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
