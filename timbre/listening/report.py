"""Results of a test: a ranking of all systems for each question, and every pair of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbre.core.significance import holm
from timbre.listening.answers import Answer
from timbre.listening.design import Design, Method, Question
from timbre.listening.pairs import DASH, Difference, Preference, differences, preferences
from timbre.listening.plan import TIE, Kind
from timbre.listening.ranking import Ranked, bradley_terry, ranking
from timbre.listening.screening import screened

Floats = NDArray[np.float64]


class Summary(NamedTuple):
    """Summary of a test."""

    method: Method
    questions: tuple[Question, ...]
    counted: int  # listeners
    failed: int  # who failed a check: their answers do not count
    hurried: int  # who answered sooner than clips last
    unchecked: int  # who have not come to a check: theirs do not count yet
    rankings: dict[str, list[Ranked]]  # by question, from best to worst
    pairs: dict[str, list[Preference] | list[Difference]]  # by question
    corrected: dict[tuple[str, str, str], float]  # p by question and pair, after Holm


def summary(design: Design, answers: Sequence[Answer]) -> Summary:
    """Count what those listeners said who are known to have listened."""
    listeners = screened(design, answers)
    counting = [
        answer
        for answer in answers
        if answer.listener in listeners.counted and answer.trial.kind is Kind.test
    ]
    rankings: dict[str, list[Ranked]] = {}
    pairs: dict[str, list[Preference] | list[Difference]] = {}
    for question in design.questions:
        if design.method is Method.ab:
            rankings[question.name] = _preferred(design, counting, question.name)
            pairs[question.name] = preferences([*design.pairs()], counting, question.name)
        else:
            means = _means(counting, question.name)
            rankings[question.name] = _rated(design, means)
            pairs[question.name] = differences([*design.pairs()], means)
    p_values = {
        (question, each.one, each.other): each.p
        for question, results in pairs.items()
        for each in results
        if each.answers
    }
    return Summary(
        design.method,
        design.questions,
        counted=len(listeners.counted),
        failed=len(listeners.failed),
        hurried=len(listeners.hurried),
        unchecked=len(listeners.unchecked),
        rankings=rankings,
        pairs=pairs,
        corrected=holm(p_values),
    )


def _preferred(design: Design, answers: Sequence[Answer], question: str) -> list[Ranked]:
    """The ranking by Bradley and Terry's model."""
    systems = sorted(design.systems)
    place = {name: number for number, name in enumerate(systems)}
    wins: dict[str, Floats] = defaultdict(lambda: np.zeros((len(systems), len(systems))))
    for answer in answers:
        answer_side, (one, other) = answer.choices[question], answer.trial.clips
        if answer_side == TIE:
            wins[answer.listener][place[one], place[other]] += 0.5
            wins[answer.listener][place[other], place[one]] += 0.5
            continue
        best, worst = (one, other) if answer_side == "a" else (other, one)
        wins[answer.listener][place[best], place[worst]] += 1
    return ranking(systems, [*wins.values()], bradley_terry) if wins else []


def _means(answers: Sequence[Answer], question: str) -> dict[str, dict[str, float]]:
    """Each listener's mean rating of each system."""
    ratings: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        for side, system in answer.trial.sides.items():
            ratings[answer.listener][system].append(answer.choices[question][side])
    return {
        listener: {system: float(np.mean(each)) for system, each in systems.items()}
        for listener, systems in ratings.items()
    }


def _rated(design: Design, means: dict[str, dict[str, float]]) -> list[Ranked]:
    """The ranking by the mean of listeners' means."""
    rated = design.rated()
    tables = [np.array([[each[name], 1.0] for name in rated]) for each in means.values()]
    return ranking(rated, tables, lambda sums: sums[..., 0] / sums[..., 1]) if tables else []


def metrics(results: Summary) -> dict[str, Any]:
    """The figures by name, as `dvc metrics` shows them; pairs without answers have none."""
    return {
        "listeners": {
            name: getattr(results, name) for name in ("counted", "failed", "hurried", "unchecked")
        },
        "ranking": {
            question: {
                each.system: {"value": each.value, "low": each.low, "high": each.high}
                for each in ranked
            }
            for question, ranked in results.rankings.items()
        },
        **{
            question: {
                f"{each.one}_over_{each.other}": _named(each)
                | {"p": each.p, "p_holm": results.corrected[question, each.one, each.other]}
                for each in pairs
                if each.answers
            }
            for question, pairs in results.pairs.items()
        },
    }


def _named(each: Preference | Difference) -> dict[str, float]:
    """A pair's figures by name."""
    if isinstance(each, Difference):
        return {"listeners": each.answers, "difference": each.mean}
    low, high = each.interval
    return {
        "listeners": each.listeners, "answers": each.answers, "ties": each.ties,
        "share": each.share, "low": low, "high": high,
    }  # fmt: skip


def markdown(results: Summary) -> str:
    """Two tables a question: the ranking, and the pairs."""
    is_ab = results.method is Method.ab
    lines = [
        "# What listeners preferred" if is_ab else "# How listeners rated",
        "",
        f"Listeners that count: {results.counted}. Left out: {results.failed} who failed an "
        f"attention check, {results.hurried} who answered sooner than clips last, "
        f"{results.unchecked} who have not come to a check.",
    ]
    value = "strength" if is_ab else "mean"
    columns = (
        "first | second | listeners | answers | ties | first preferred | 95 % interval | p | Holm"
        if is_ab
        else "first | second | listeners | first minus second | p | Holm"
    )
    for question in results.questions:
        lines += [
            "",
            f"## {question.text}",
            "",
            f"| system | {value} | 95 % interval |",
            "|---|---|---|",
        ]
        lines += [
            f"| {each.system} | {each.value:.2f} | {each.low:.2f} to {each.high:.2f} |"
            for each in results.rankings[question.name]
        ]
        lines += ["", f"| {columns} |", "|" + "---|" * (columns.count("|") + 1)]
        for each in results.pairs[question.name]:
            p = results.corrected.get((question.name, each.one, each.other))
            lines.append(f"| {' | '.join([each.one, each.other, *_cells(each, p)])} |")
    strength = (
        "Strengths are those of Bradley and Terry's model, natural logarithms of odds, 0 on the "
        "mean; ties count half. "
        if is_ab
        else "Means are of listeners' means. "
    )
    tests = (
        "Intervals of shares are Clopper-Pearson's, p is the exact two-sided binomial test's "
        "against one half; both take answers as independent."
        if is_ab
        else "p is Wilcoxon's signed-rank test's over listeners."
    )
    lines += [
        "",
        f"{strength}Their intervals are bootstrapped over listeners. {tests} The last column is "
        "corrected for all rows of all questions together (Holm).",
    ]
    return "\n".join(lines) + "\n"


def _cells(each: Preference | Difference, corrected: float | None) -> list[str]:
    if isinstance(each, Difference):
        if corrected is None:
            return ["0", *[DASH] * 3]
        return [str(each.answers), f"{each.mean:+.2f}", _told(each.p), _told(corrected)]
    counts = [str(each.listeners), str(each.answers), str(each.ties)]
    if corrected is None:
        return [*counts, *[DASH] * 4]
    low, high = each.interval
    shares = [f"{100 * each.share:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %"]
    return [*counts, *shares, _told(each.p), _told(corrected)]


def _told(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
