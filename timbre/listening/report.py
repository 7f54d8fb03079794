"""Preferences of listeners: shares by question and pair of systems, with exact intervals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scipy.stats import binomtest

from timbre.listening.answers import Answer
from timbre.listening.plan import QUESTIONS, Design, Kind, known_answers

NONE = "\N{EN DASH}"


class Preference(NamedTuple):
    """Two systems at one question."""

    one: str
    other: str
    listeners: int
    answers: int
    preferred: int  # answers for the first

    @property
    def share(self) -> float:
        """The share of answers for the first; there have to be answers."""
        return self.preferred / self.answers

    @property
    def interval(self) -> tuple[float, float]:
        """Its exact 95 % interval (Clopper and Pearson, 1934)."""
        low, high = binomtest(self.preferred, self.answers).proportion_ci(0.95, method="exact")
        return float(low), float(high)

    @property
    def p(self) -> float:
        """P-value of the exact binomial test against one half, two-sided."""
        return float(binomtest(self.preferred, self.answers).pvalue)


class Summary(NamedTuple):
    """Summary of a test."""

    counted: int  # listeners who met a check and failed none
    failed: int  # who failed one: their answers do not count
    unchecked: int  # who have not come to a check: theirs do not count yet
    preferences: dict[str, list[Preference]]  # by question, a pair each


def summary(design: Design, answers: Sequence[Answer]) -> Summary:
    """Count what those listeners said who are known to have listened."""
    checks: dict[str, list[bool]] = {answer.listener: [] for answer in answers}
    for answer in answers:
        if right := known_answers(answer.trial, design):
            checks[answer.listener].append(right.items() <= answer.choices.items())
    attentive = {name for name, passed in checks.items() if passed and all(passed)}
    failed = sum(not all(passed) for passed in checks.values())
    counting = [
        answer
        for answer in answers
        if answer.listener in attentive and answer.trial.kind is Kind.test
    ]
    return Summary(
        len(attentive),
        failed,
        len(checks) - len(attentive) - failed,
        {question: _preferences(design, counting, question) for question in QUESTIONS},
    )


def _preferences(design: Design, answers: Sequence[Answer], question: str) -> list[Preference]:
    """One question's, of all pairs, in their order."""
    found: Mapping[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for listener, _, trial, choices, _ in answers:
        one, other = sorted((trial.a, trial.b))
        chosen = {"a": trial.a, "b": trial.b}[choices[question]]
        found[one, other].append((listener, chosen))
    return [
        Preference(
            *pair,
            listeners=len({listener for listener, _ in found[pair]}),
            answers=len(found[pair]),
            preferred=sum(chosen == pair[0] for _, chosen in found[pair]),
        )
        for pair in design.pairs()
    ]


def metrics(found: Summary) -> dict[str, Any]:
    """The figures by name, as `dvc metrics` shows them; pairs without answers have none."""
    return {
        "listeners": {
            "counted": found.counted,
            "failed": found.failed,
            "unchecked": found.unchecked,
        },
        **{
            question: {
                f"{each.one}_over_{each.other}": {
                    "listeners": each.listeners,
                    "answers": each.answers,
                    "share": each.share,
                    "low": each.interval[0],
                    "high": each.interval[1],
                    "p": each.p,
                }
                for each in preferences
                if each.answers
            }
            for question, preferences in found.preferences.items()
        },
    }


def markdown(found: Summary) -> str:
    """A table a question."""
    lines = [
        "# What listeners preferred",
        "",
        f"Listeners that count: {found.counted}. Left out: {found.failed} who failed an attention "
        f"check, {found.unchecked} who have not come to one.",
    ]
    for question, preferences in found.preferences.items():
        lines += [
            "",
            f"## {QUESTIONS[question]}",
            "",
            "| first | second | listeners | answers | first preferred | 95 % interval | p |",
            "|---|---|---|---|---|---|---|",
        ]
        for each in preferences:
            cells = [each.one, each.other, str(each.listeners), str(each.answers), *_figures(each)]
            lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Intervals are Clopper-Pearson's, p is the exact two-sided binomial test's against one "
        "half, of each row by itself. Both take answers as independent: where few listeners gave "
        "many answers each, they are too sure.",
    ]
    return "\n".join(lines) + "\n"


def _figures(each: Preference) -> list[str]:
    if not each.answers:
        return [NONE] * 3
    low, high = each.interval
    p = "< 0.001" if each.p < 0.001 else f"{each.p:.3f}"
    return [f"{100 * each.share:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %", p]
