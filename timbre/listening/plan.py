"""Plans of listening tests: which trials a listener gets, in which order, what on which side.

A plan depends on the test and the listener's id alone: nothing of it is kept, and a listener who
comes back, to another process too, goes on where they were.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from timbre.core.files import fingerprint
from timbre.listening.design import Design, Method

SIDES = "abcdefghijklmnopqrstuvwxyz"  # names of the clips of a trial
CHECK_COUNT = 2  # trials among the others whose answers are known
TIE = "tie"


class Kind(StrEnum):
    """Kind of a trial."""

    training = "training"  # the first, to see how it goes
    check = "check"  # A and B are the content and the style themselves: who listens, knows
    test = "test"  # these count


class Trial(NamedTuple):
    """One page of a test."""

    kind: Kind
    case: str
    clips: tuple[str, ...]  # the system on each side; of a check, content and style

    @property
    def a(self) -> str:
        """What is on A."""
        return self.clips[0]

    @property
    def b(self) -> str:
        """What is on B."""
        return self.clips[1]

    @property
    def sides(self) -> dict[str, str]:
        """What is on each side."""
        return dict(zip(SIDES, self.clips, strict=False))


def plan(design: Design, listener: str) -> list[Trial]:
    """All trials of a listener: the training, then those that count.

    In comparisons each pair of systems comes as often as every other, or once more; no pair comes
    with one case twice; the first of a pair is on each side equally often, or once more; checks
    are among them. In ratings each page has all systems at one case, in an order of its own.
    """

    def drawn(*what: str | int) -> int:
        """A number by chance, the same whenever and wherever it is drawn."""
        return int(fingerprint(design.seed, listener, what), 16)

    def shuffled(names: Iterable[str], *what: str) -> list[str]:
        return sorted(names, key=lambda name: drawn(*what, name))

    if design.method is not Method.ab:
        cases = shuffled(design.cases(), "case")
        counted = cases[: design.trials]
        return [
            Trial(kind, case, tuple(shuffled(design.rated(), "order", kind, case)))
            for kind, case in [
                (Kind.training, cases[-1]),
                *((Kind.test, case) for case in counted),
            ]
        ]
    return _comparisons(design, drawn, shuffled)


def _comparisons(design: Design, drawn: Any, shuffled: Any) -> list[Trial]:
    """The trials of a test of pairs."""
    rounds = [
        (turn, pair, case)
        for pair, cases in design.pairs().items()
        for turn, case in enumerate(shuffled(cases, "case", *pair))
    ]
    rounds.sort(key=lambda item: (item[0], drawn("pair", item[0], *item[1])))

    def trial(kind: Kind, case: str, pair: tuple[str, str], swap: int) -> Trial:
        return Trial(kind, case, pair[::-1] if swap % 2 else pair)

    counted = [
        trial(Kind.test, case, pair, drawn("side", *pair) + turn)
        for turn, pair, case in rounds[: design.trials]
    ]
    counted.sort(key=lambda each: drawn("order", *sorted(each.clips), each.case))

    cases = shuffled({case for _, _, case in rounds}, "check")
    half = len(counted) // 2
    places = (
        drawn("place", 0) % (half + 1),
        half + drawn("place", 1) % (len(counted) - half + 1),
    )
    for number in reversed(range(CHECK_COUNT if design.has_checks else 0)):
        references = (design.content, design.style)
        check = trial(Kind.check, cases[number % len(cases)], references, drawn("check", number))
        counted.insert(places[number], check)

    _, pair, case = rounds[-1]  # if there are more than are needed, one that does not come again
    return [trial(Kind.training, case, pair, drawn("training")), *counted]


def known_answers(trial: Trial, design: Design) -> dict[str, str]:
    """The right sides by question, of a check; of another trial there are none."""
    if trial.kind is not Kind.check:
        return {}
    side = {name: letter for letter, name in trial.sides.items()}
    folders = {"style": design.style, "content": design.content}
    return {each.name: side[folders[each.known]] for each in design.questions if each.known}


def choices(design: Design, trial: Trial, fields: dict[str, str]) -> dict[str, Any] | None:
    """What a form says of a trial, by question; None if an answer lacks or is none of those.

    Args:
        design: the test.
        trial: that is answered.
        fields: by name; of ratings one for each question and side, such as `timbre.a`.

    Returns:
        In comparisons a side or `TIE`; in ratings a number for each side.
    """
    answers: dict[str, Any] = {}
    for question in design.questions:
        if design.method is Method.ab:
            sides = {*trial.sides, *([TIE] if design.ties else [])}
            answers[question.name] = fields.get(question.name, "")
            if answers[question.name] not in sides:
                return None
            continue
        low, high = design.ends
        ratings = {side: fields.get(f"{question.name}.{side}", "") for side in trial.sides}
        if not all(text.isdecimal() and low <= int(text) <= high for text in ratings.values()):
            return None
        answers[question.name] = {side: int(text) for side, text in ratings.items()}
    return answers
