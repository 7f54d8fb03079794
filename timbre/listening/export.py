"""Export of a listening test's answers as CSV, a row an answer, for statistics elsewhere."""

import csv
from pathlib import Path

from timbre.core.files import apart, replacing, writable
from timbre.listening.answers import read
from timbre.listening.plan import QUESTIONS, known_answers

COLUMNS = ("listener", "number", "kind", "case", "a", "b", "answered", *QUESTIONS, "right")


def write(path: Path, answers: Path) -> int:
    """Write all answers, practice and checks included.

    `a` and `b` are what was on each side, `answered` is UTC, each question has the system that was
    preferred, `right` says of a check whether it was passed and is empty for all else.

    Args:
        path: of the CSV file.
        answers: the SQLite file.

    Returns:
        How many there are.

    Raises:
        InputError: if there is no such file of answers, or `path` cannot be written.
    """
    apart(writable(path), [answers])
    design, found = read(answers)
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for answer in found:
            trial = answer.trial
            preferred = [getattr(trial, answer.choices[question]) for question in QUESTIONS]
            known = known_answers(trial, design)
            right = int(known.items() <= answer.choices.items()) if known else ""
            rows.writerow(
                [
                    answer.listener, answer.number, trial.kind, trial.case, trial.a, trial.b,
                    answer.answered, *preferred, right,
                ]
            )  # fmt: skip
    return len(found)
