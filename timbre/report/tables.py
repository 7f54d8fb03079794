"""The tables of the report: scores turned into cells, for the Markdown and for the page."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from timbre.evaluation.results.results import METRICS, System, mean_of, ranked
from timbre.evaluation.results.statistics import Interval, difference, wins
from timbre.report.sources import about

HEADLINE = ("lsd", "timbre", "jaccard", "onset_f1")  # one for each thing that can go wrong
NONE = "\N{EN DASH}"
Labels = Mapping[str, Mapping[str, str]]  # what is known of a case, by its name


class Cell(NamedTuple):
    """A figure as text, and what stands small beneath it."""

    text: str
    note: str = ""


class Compared(NamedTuple):
    """Two systems case by case: a cell each metric of `HEADLINE`."""

    one: str
    other: str
    cells: list[Cell]


class Spot(NamedTuple):
    """A square of a heat map."""

    mean: float
    cases: int
    level: float  # from the lowest mean of all maps, 0, to the highest, 1


class Heat(NamedTuple):
    """Means of one system: a row a content family, a column a style family."""

    system: str
    columns: list[str]
    rows: list[tuple[str, list[Spot | None]]]  # None where there is no case


def number(value: float, digits: int) -> str:
    """A figure, or a dash if there is none; with a true minus."""
    text = NONE if math.isnan(value) else f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def span(interval: Interval, digits: int) -> str:
    """The ends of an interval."""
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def score_cell(intervals: Mapping[str, Interval], metric: str) -> Cell:
    """A mean with its interval."""
    if metric not in intervals:
        return Cell(NONE)
    digits, interval = METRICS[metric].digits, intervals[metric]
    return Cell(number(interval.mean, digits), span(interval, digits))


def shown(summary: Mapping[str, Mapping[str, Interval]]) -> list[str]:
    """The metrics that some system has, those of `HEADLINE` first."""
    order = dict.fromkeys((*HEADLINE, *METRICS))
    return [metric for metric in order if any(metric in each for each in summary.values())]


def cases_of(intervals: Mapping[str, Interval]) -> str:
    """On how many cases a system's means stand: from the fewest to the most of its metrics."""
    counts = {interval.cases for interval in intervals.values()} or {0}
    return str(max(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def best(summary: Mapping[str, Mapping[str, Interval]], names: Sequence[str]) -> dict[str, str]:
    """Best system by metric, by its mean; of two equal ones the first."""
    found = {}
    for metric, (_, better, *_) in METRICS.items():
        means = {n: summary[n][metric].mean for n in names if metric in summary[n]}
        if means and better in ("lower", "higher"):
            found[metric] = (min if better == "lower" else max)(means, key=means.__getitem__)
    return found


def markdown(summary: Mapping[str, Mapping[str, Interval]]) -> str:
    """The table of scores and what its columns mean."""
    metrics = shown(summary)
    headings = [f"{METRICS[name].heading} ({METRICS[name].better})" for name in metrics]
    lines = [
        f"| system | role | {' | '.join(headings)} | cases |",
        "|---" * (len(metrics) + 3) + "|",
    ]
    for name, intervals in summary.items():
        cells = (score_cell(intervals, metric) for metric in metrics)
        texts = [f"{cell.text} ({cell.note})" if cell.note else cell.text for cell in cells]
        lines.append(f"| {' | '.join([name, about(name).role, *texts, cases_of(intervals)])} |")
    meanings = [f"- **{METRICS[name].heading}**: {METRICS[name].meaning}." for name in metrics]
    return "\n".join([*lines, "", "In brackets: 95 % bootstrap intervals.", "", *meanings, ""])


def compared(
    systems: Mapping[str, System], pairs: Sequence[tuple[str, str]], resamples: int, seed: int
) -> list[Compared]:
    """Wins of the first of a pair over the second, and by how much, over the cases of both."""
    rows = []
    for one, other in pairs:
        cells = []
        for metric in HEADLINE:
            a, b = (systems[name].get(metric, {}) for name in (one, other))
            lower = METRICS[metric].lower_is_better
            assert lower is not None, metric
            won = wins(a, b, lower, resamples, seed)
            if not won.cases:
                cells.append(Cell(NONE))
                continue
            share = f"{won.mean:.0%} ({100 * won.low:.0f} to {100 * won.high:.0f})"
            apart = difference(a, b, resamples, seed)
            digits = METRICS[metric].digits
            sign = "+" if apart.mean > 0 else ""
            note = f"{sign}{number(apart.mean, digits)} ({span(apart, digits)})"
            cells.append(Cell(share.replace("%", " %"), note))
        rows.append(Compared(one, other, cells))
    return rows


def grouped(
    systems: Mapping[str, System], labels: Labels, key: str, names: Sequence[str], metric: str
) -> list[tuple[str, int, list[str]]]:
    """Means of a metric for the cases of each label: the label, its cases, a cell a system."""
    rows = []
    for label in sorted({each[key] for each in labels.values()} - {""}):
        cases = [case for case, each in labels.items() if each[key] == label]
        means = [mean_of(systems[name].get(metric, {}), cases)[0] for name in names]
        if not all(map(math.isnan, means)):
            digits = METRICS[metric].digits
            rows.append((label, len(cases), [number(mean, digits) for mean in means]))
    return rows


def heat(
    systems: Mapping[str, System], labels: Labels, names: Sequence[str], metric: str
) -> list[Heat]:
    """Means of a metric by family of content and of style; one scale for all systems."""
    cases: dict[tuple[str, str], list[str]] = {}
    for case, each in labels.items():
        if each["content_family"] and each["style_family"]:
            pair = (each["content_family"], each["style_family"])
            cases.setdefault(pair, []).append(case)
    means = {
        (name, pair): mean_of(systems[name].get(metric, {}), among)
        for name in names
        for pair, among in cases.items()
    }
    known = [mean for mean, count in means.values() if count]
    if not known:
        return []
    low, width = min(known), max(max(known) - min(known), 1e-9)
    contents, styles = (sorted({pair[side] for pair in cases}) for side in (0, 1))

    def spot(name: str, content: str, style: str) -> Spot | None:
        mean, count = means.get((name, (content, style)), (math.nan, 0))
        return Spot(mean, count, (mean - low) / width) if count else None

    return [
        Heat(
            name,
            styles,
            [(row, [spot(name, row, column) for column in styles]) for row in contents],
        )
        for name in names
    ]


def extremes(
    systems: Mapping[str, System], names: Sequence[str], metric: str, count: int
) -> list[tuple[str, list[tuple[str, str]], list[tuple[str, str]]]]:
    """The best and the worst cases of each system, with their scores, the most extreme first."""
    lower = METRICS[metric].lower_is_better
    assert lower is not None, metric
    found = []
    for name in names:
        order = [
            (case, number(score, METRICS[metric].digits))
            for case, score in ranked(systems[name].get(metric, {}), lower)
        ]
        if order:
            count_here = min(count, len(order) // 2 or 1)  # a case is not both
            found.append((name, order[:count_here], order[::-1][:count_here]))
    return found
