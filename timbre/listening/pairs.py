"""Two systems beside each other: how often one was preferred, or how much higher it was rated."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, wilcoxon

from timbre.listening.answers import Answer
from timbre.listening.plan import TIE

DASH = "\N{EN DASH}"


class Preference(NamedTuple):
    """Two systems at one question of a comparison."""

    one: str
    other: str
    listeners: int
    answers: int  # that prefer one of them
    preferred: int  # answers for the first
    ties: int = 0

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


class Difference(NamedTuple):
    """Two systems at one question of ratings: what listeners gave the first one more."""

    one: str
    other: str
    differences: tuple[float, ...]  # of listeners' means

    @property
    def answers(self) -> int:
        """How many listeners rated both."""
        return len(self.differences)

    @property
    def mean(self) -> float:
        """The mean difference; there have to be answers."""
        return float(np.mean(self.differences))

    @property
    def p(self) -> float:
        """P-value of Wilcoxon's signed-rank test, with Pratt's zeros."""
        if not any(self.differences):
            return 1.0
        return float(wilcoxon(self.differences, zero_method="pratt").pvalue)


def preferences(
    pairs: Sequence[tuple[str, str]], answers: Sequence[Answer], question: str
) -> list[Preference]:
    """One question's, of all pairs, in their order.

    Args:
        pairs: two systems each, in the order of the alphabet.
        answers: that count.
        question: its name.
    """
    by_pair: dict[tuple[str, ...], list[tuple[str, str]]] = {pair: [] for pair in pairs}
    for answer in answers:
        preferred = answer.trial.sides.get(answer.choices[question], TIE)
        by_pair[tuple(sorted(answer.trial.clips))].append((answer.listener, preferred))
    rows = []
    for pair in pairs:
        names = [system for _, system in by_pair[pair]]
        ties = names.count(TIE)
        listeners = len({listener for listener, _ in by_pair[pair]})
        rows.append(Preference(*pair, listeners, len(names) - ties, names.count(pair[0]), ties))
    return rows


def differences(
    pairs: Sequence[tuple[str, str]], means: dict[str, dict[str, float]]
) -> list[Difference]:
    """Of all pairs, in their order.

    Args:
        pairs: two systems each.
        means: of each listener's ratings, by system.
    """
    return [
        Difference(one, other, tuple(each[one] - each[other] for each in means.values()))
        for one, other in pairs
    ]
