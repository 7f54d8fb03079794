"""Screening of listeners: those count who are known to have listened."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from timbre.listening.answers import Answer
from timbre.listening.design import Design, Method, anchor
from timbre.listening.plan import Kind, known_answers

# ITU-R BS.1534-3, 4.1.2: least rating of the hidden reference, share of pages below it
MIN_REFERENCE, MAX_SHARE = 90, 0.15


class Screened(NamedTuple):
    """Listeners."""

    counted: frozenset[str]
    failed: frozenset[str]  # who failed a check, or did not tell the hidden reference or the anchor
    hurried: frozenset[str]  # whose answer came sooner than its clips can be heard
    unchecked: frozenset[str]  # who have not come to what could be checked: they do not count yet


def screened(design: Design, answers: Sequence[Answer]) -> Screened:
    """Part the listeners of a test.

    Comparisons: one wrong answer to a check is enough. MUSHRA: rating the hidden reference below 90
    on more than 15 % of the pages, or the lowest anchor above 90 (ITU-R BS.1534-3, 4.1.2). Ratings
    without a reference have no right answers: whoever has rated and not hurried counts.
    """
    by_listener: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_listener[answer.listener].append(answer)
    groups: dict[str, set[str]] = {name: set() for name in Screened._fields}
    for listener, listener_answers in by_listener.items():
        counts = [answer for answer in listener_answers if answer.trial.kind is not Kind.training]
        if any(answer.is_hurried for answer in counts):
            groups["hurried"].add(listener)
        elif (passed := _passed(design, counts)) is None:
            groups["unchecked"].add(listener)
        else:
            groups["counted" if passed else "failed"].add(listener)
    return Screened(**{name: frozenset(listeners) for name, listeners in groups.items()})


def _passed(design: Design, answers: Sequence[Answer]) -> bool | None:
    """Whether a listener passed; None if nothing tells yet."""
    if design.method is Method.mushra:
        pages = [_told_apart(design, answer) for answer in answers]
        return pages.count(False) <= MAX_SHARE * len(pages) if pages else None
    if not design.has_checks:
        return True if answers else None
    pairs = [(known_answers(answer.trial, design), answer.choices) for answer in answers]
    checks = [right.items() <= choices.items() for right, choices in pairs if right]
    return all(checks) if checks else None


def _told_apart(design: Design, answer: Answer) -> bool:
    """Whether the hidden reference was rated as such on a page, and the lowest anchor was not."""
    side = {name: letter for letter, name in answer.trial.sides.items()}
    lowest = [side[anchor(min(design.anchors))]] if design.anchors else []
    return all(
        ratings[side[design.reference]] >= MIN_REFERENCE
        and all(ratings[letter] <= MIN_REFERENCE for letter in lowest)
        for ratings in answer.choices.values()
    )
