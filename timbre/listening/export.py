"""Export of a listening test's answers as CSV, for statistics elsewhere."""

import csv
from collections.abc import Iterator
from pathlib import Path

from timbre.core.files import apart, replacing, writable
from timbre.listening.answers import Answer, read
from timbre.listening.design import Design, Method
from timbre.listening.plan import TIE, known_answers
from timbre.listening.screening import screened

COLUMNS = (
    "listener", "participant", "number", "kind", "case", "answered", "seconds", "clips_seconds",
    "counts",
)  # fmt: skip


def write(path: Path, answers: Path) -> int:
    """Write all answers, practice and checks included.

    `answered` is UTC; `seconds` is how long the listener took, `clips_seconds` how long the clips
    last; `counts` says whether the report takes the listener in. Of comparisons there is a row
    an answer: `a` and `b` are what was on each side, each question has the system that was
    preferred or "tie", `right` says of a check whether it was passed and is empty for all else. Of
    ratings there is a row a clip: `side`, `system`, and each question's rating.

    Args:
        path: of the CSV file.
        answers: the SQLite file.

    Returns:
        How many answers there are.

    Raises:
        InputError: if there is no such file of answers, or `path` cannot be written.
    """
    apart(writable(path), [answers])
    design, entries = read(answers)
    questions = [each.name for each in design.questions]
    is_ab = design.method is Method.ab
    own = ["a", "b", *questions, "right"] if is_ab else ["side", "system", *questions]
    counted = screened(design, entries).counted
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*COLUMNS, *own])
        for answer in entries:
            seconds = "" if answer.seconds is None else f"{answer.seconds:.1f}"
            common = [
                answer.listener, answer.participant, answer.number, answer.trial.kind,
                answer.trial.case, answer.answered, seconds, f"{answer.lasts:.1f}",
                int(answer.listener in counted),
            ]  # fmt: skip
            cells = _compared(design, answer) if is_ab else _rated(answer, questions)
            rows.writerows([*common, *each] for each in cells)
    return len(entries)


def _compared(design: Design, answer: Answer) -> Iterator[list[str]]:
    """What is told of a comparison."""
    trial = answer.trial
    sides = [answer.choices[question.name] for question in design.questions]
    preferred = [trial.sides.get(side, TIE) for side in sides]
    right_sides = known_answers(trial, design)
    right = str(int(right_sides.items() <= answer.choices.items())) if right_sides else ""
    yield [*trial.clips, *preferred, right]


def _rated(answer: Answer, questions: list[str]) -> Iterator[list[str]]:
    """What is told of each clip of a page of ratings."""
    for side, system in answer.trial.sides.items():
        yield [side, system, *(str(answer.choices[name][side]) for name in questions)]
