"""Plans of listening tests: which trials a listener gets, in which order, and what is on A and B.

A plan depends on the test and the listener's id alone: nothing of it is kept, and a listener who
comes back, to another process too, goes on where they were.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from timbre.core.files import fingerprint

QUESTIONS = {  # by the name of what they ask for
    "timbre": "Which is closer in timbre to the style?",
    "melody": "Which keeps the melody of the content better?",
    "quality": "Which sounds better?",
}
SIDES = ("a", "b")
CHECKS = 2  # trials among the others whose answers are known


class Kind(StrEnum):
    """Kind of a trial."""

    training = "training"  # the first, to see how it goes
    check = "check"  # A and B are the content and the style themselves: who listens, knows
    test = "test"  # these count


class Design(BaseModel):
    """A listening test: what is compared, and what the plans are drawn from.

    Args:
        systems: the cases of each that can be played, by its name.
        content: the name of the folder with the contents.
        style: that with the styles.
        trials: how many that count a listener gets, if there are so many.
        seed: of the plans.
        clips: fingerprint of all clips.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: Mapping[str, list[str]]
    content: str
    style: str
    trials: int = Field(ge=1)
    seed: int = Field(ge=0)
    clips: str

    def pairs(self) -> dict[tuple[str, str], list[str]]:
        """The cases that two systems share, for each two that share any."""
        shared = {
            (one, other): sorted({*self.systems[one]} & {*self.systems[other]})
            for one, other in combinations(sorted(self.systems), 2)
        }
        return {pair: cases for pair, cases in shared.items() if cases}


class Trial(NamedTuple):
    """One comparison."""

    kind: Kind
    case: str
    a: str  # the folder whose clip is A: a system's, or of a check, the content's or the style's
    b: str


def plan(design: Design, listener: str) -> list[Trial]:
    """All trials of a listener: the training, then those that count with the checks among them.

    Each pair of systems comes as often as every other, or once more; no pair comes with one case
    twice; the first of a pair is on each side equally often, or once more.
    """

    def drawn(*what: str | int) -> int:
        """A number by chance, the same whenever and wherever it is drawn."""
        return int(fingerprint(design.seed, listener, what), 16)

    def shuffled(cases: Iterable[str], *what: str) -> list[str]:
        return sorted(cases, key=lambda case: drawn(*what, case))

    rounds = [
        (turn, pair, case)
        for pair, cases in design.pairs().items()
        for turn, case in enumerate(shuffled(cases, "case", *pair))
    ]
    rounds.sort(key=lambda item: (item[0], drawn("pair", item[0], *item[1])))

    def trial(kind: Kind, case: str, pair: tuple[str, str], swap: int) -> Trial:
        one, other = pair
        return Trial(kind, case, other, one) if swap % 2 else Trial(kind, case, one, other)

    counted = [
        trial(Kind.test, case, pair, drawn("side", *pair) + turn)
        for turn, pair, case in rounds[: design.trials]
    ]
    counted.sort(key=lambda each: drawn("order", *sorted((each.a, each.b)), each.case))

    cases = shuffled({case for _, _, case in rounds}, "check")
    half = len(counted) // 2
    places = (
        drawn("place", 0) % (half + 1),
        half + drawn("place", 1) % (len(counted) - half + 1),
    )
    for number in reversed(range(CHECKS)):
        references = (design.content, design.style)
        check = trial(Kind.check, cases[number % len(cases)], references, drawn("check", number))
        counted.insert(places[number], check)

    _, pair, case = rounds[-1]  # if there are more than are needed, one that does not come again
    return [trial(Kind.training, case, pair, drawn("training")), *counted]


def known_answers(trial: Trial, design: Design) -> dict[str, str]:
    """The right sides by question, of a check; of another trial there are none."""
    if trial.kind is not Kind.check:
        return {}
    side = {trial.a: "a", trial.b: "b"}
    return {"timbre": side[design.style], "melody": side[design.content]}
