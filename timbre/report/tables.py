"""The tables of the report: scores turned into cells, for the Markdown and for the page."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from timbre.core.significance import holm
from timbre.evaluation.metrics.registry import COMPARED, HEADLINE, METRICS
from timbre.evaluation.results.results import System, mean_of, ranked
from timbre.evaluation.results.statistics import (
    Interval,
    Scores,
    difference,
    rank_correlation,
    signed_rank,
    wins,
)
from timbre.report.sources import about

SIGNIFICANCE_LEVEL = 0.05  # of significance
DASH = "\N{EN DASH}"
Labels = Mapping[str, Mapping[str, str]]  # what is known of a case, by its name


class Cell(NamedTuple):
    """A figure as text, and what stands small beneath it."""

    text: str
    note: str = ""


class Compared(NamedTuple):
    """Two systems case by case: a cell each metric of `COMPARED`."""

    one: str
    other: str
    cells: list[Cell]


class Agreement(NamedTuple):
    """How alike two metrics order the systems: rank correlations as text."""

    one: str
    other: str
    systems: str  # of the systems' means
    cases: str  # within a case, the mean over cases
    counted: int  # cases


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
    text = DASH if math.isnan(value) else f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def span(interval: Interval, digits: int) -> str:
    """The ends of an interval."""
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def score_cell(intervals: Mapping[str, Interval], metric: str) -> Cell:
    """A mean with its interval."""
    if metric not in intervals:
        return Cell(DASH)
    digits, interval = METRICS[metric].digits, intervals[metric]
    return Cell(number(interval.mean, digits), span(interval, digits))


def present_metrics(summary: Mapping[str, Mapping[str, Interval]]) -> list[str]:
    """The metrics that some system has, those of `COMPARED` first."""
    order = dict.fromkeys((*COMPARED, *METRICS))
    return [metric for metric in order if any(metric in each for each in summary.values())]


def cases_of(intervals: Mapping[str, Interval]) -> str:
    """On how many cases a system's means stand: from the fewest to the most of its metrics."""
    counts = {interval.cases for interval in intervals.values()} or {0}
    return str(max(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def best(summary: Mapping[str, Mapping[str, Interval]], names: Sequence[str]) -> dict[str, str]:
    """Best system by metric, by its mean; of two equal ones the first."""
    winners = {}
    for metric, description in METRICS.items():
        better = description.better
        means = {n: summary[n][metric].mean for n in names if metric in summary[n]}
        if means and better in ("lower", "higher"):
            winners[metric] = (min if better == "lower" else max)(means, key=means.__getitem__)
    return winners


def glance(summary: Mapping[str, Mapping[str, Interval]], names: Sequence[str]) -> str:
    """A table for a terminal: the means of the headline metrics, a line each of some systems."""
    rows = [["", *(METRICS[metric].heading for metric in HEADLINE)]]
    for name in names:
        if name in summary:
            cells = (score_cell(summary[name], metric).text for metric in HEADLINE)
            rows.append([name, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )


def markdown(summary: Mapping[str, Mapping[str, Interval]]) -> str:
    """The table of scores and what its columns mean."""
    metrics = present_metrics(summary)
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
    """Wins of the first of a pair over the second, and by how much, over the cases of both.

    A star says that the two differ (Wilcoxon's signed-rank test, P below 0.05 after Holm's
    correction for all comparisons that are given).
    """
    pairs_of_scores = [
        (systems[one].get(metric, {}), systems[other].get(metric, {}))
        for one, other in pairs
        for metric in COMPARED
    ]
    p_values = {number: signed_rank(*both) for number, both in enumerate(pairs_of_scores)}
    certain = iter(p < SIGNIFICANCE_LEVEL for p in holm(p_values).values())
    scores = iter(pairs_of_scores)
    return [
        Compared(
            *pair,
            [
                _compared(metric, *next(scores), next(certain), resamples, seed)
                for metric in COMPARED
            ],
        )
        for pair in pairs
    ]


def _compared(metric: str, a: Scores, b: Scores, certain: bool, resamples: int, seed: int) -> Cell:
    """Wins of `a` over `b` by a metric, and the mean difference."""
    lower, digits = METRICS[metric].lower_is_better, METRICS[metric].digits
    assert lower is not None, metric
    won = wins(a, b, lower, resamples, seed)
    if not won.cases:
        return Cell(DASH)
    share = f"{won.mean:.0%} ({100 * won.low:.0f} to {100 * won.high:.0f})".replace("%", " %")
    apart = difference(a, b, resamples, seed)
    sign = "+" if apart.mean > 0 else ""
    star = "*" if certain else ""
    return Cell(share, f"{sign}{number(apart.mean, digits)}{star} ({span(apart, digits)})")


def agreement(systems: Mapping[str, System], metrics: Sequence[str]) -> list[Agreement]:
    """Rank correlation of each two metrics: over the means of systems, and within cases.

    Within a case the systems are ranked by both; the mean over cases is given. 1 is the same order.
    """
    rows = []
    for one, other in combinations(metrics, 2):
        signs = [-1 if METRICS[each].lower_is_better else 1 for each in (one, other)]
        both = [s for s in systems.values() if one in s and other in s]
        means = [[mean_of(s[each], s[each])[0] for s in both] for each in (one, other)]
        over_systems = signs[0] * signs[1] * rank_correlation(*means)
        within = []
        for case in sorted({case for s in both for case in s[one].keys() & s[other].keys()}):
            scored = [s for s in both if case in s[one] and case in s[other]]
            values = [[s[each][case] for s in scored] for each in (one, other)]
            if not any(math.isnan(value) for row in values for value in row):
                within.append(signs[0] * signs[1] * rank_correlation(*values))
        correlations = [value for value in within if not math.isnan(value)]
        mean = math.fsum(correlations) / len(correlations) if correlations else math.nan
        rows.append(
            Agreement(one, other, number(over_systems, 2), number(mean, 2), len(correlations))
        )
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
    values = [mean for mean, count in means.values() if count]
    if not values:
        return []
    low, width = min(values), max(max(values) - min(values), 1e-9)
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
    rows = []
    for name in names:
        order = [
            (case, number(score, METRICS[metric].digits))
            for case, score in ranked(systems[name].get(metric, {}), lower)
        ]
        if order:
            count_here = min(count, len(order) // 2 or 1)  # a case is not both
            rows.append((name, order[:count_here], order[::-1][:count_here]))
    return rows
