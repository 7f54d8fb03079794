"""Design of a listening test: its method, what is compared, and what listeners are asked."""

import math
from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from scipy.stats import binom, norm

from timbre.core.errors import InputError

SCALE = ("Bad", "Poor", "Fair", "Good", "Excellent")
MUSHRA = (0, 100)  # ends of the scale of ITU-R BS.1534-3
ANCHORS = (3500, 7000)  # Hz: low and mid anchor of ITU-R BS.1534-3, 5.1
SHARE, POWER, LEVEL = 0.65, 0.8, 0.05  # what plans are made for
SPREAD, STEP = 15.0, 10.0  # of MUSHRA: deviation of listeners' differences, and what shall show
ANSWER_SECONDS = 10.0  # s a trial, beside hearing each clip half as often again
MAX_LISTENERS = 1000  # listeners; more than that nobody asks


class Method(StrEnum):
    """Method of a test."""

    ab = "ab"  # which of two is nearer
    mushra = "mushra"  # ITU-R BS.1534-3: all systems against a reference, 0 to 100
    rating = "rating"  # all systems without a reference, on a scale of words


class Question(BaseModel):
    """Question of a test.

    Attributes:
        name: short, of the column in tables.
        text: as listeners read it.
        known: in an attention check A and B are the content and the style: which one is right.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    text: str = Field(min_length=1)
    known: Literal["style", "content"] | None = None


QUESTIONS = {
    Method.ab: (
        Question(name="timbre", text="Which is closer in timbre to the style?", known="style"),
        Question(
            name="melody", text="Which keeps the melody of the content better?", known="content"
        ),
        Question(name="quality", text="Which sounds better?"),
    ),
    Method.mushra: (
        Question(name="similarity", text="How close is each clip to the reference, all in all?"),
    ),
    Method.rating: (
        Question(name="timbre", text="How close is its timbre to the style's?"),
        Question(name="melody", text="How well does it keep the melody of the content?"),
        Question(name="quality", text="How good does it sound?"),
    ),
}


class Asked(BaseModel):
    """Contents of a file of questions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[Question, ...] = Field(min_length=1)
    scale: tuple[str, ...] = Field(default=SCALE, min_length=2, max_length=11)


class Design(BaseModel):
    """A listening test: what is compared, and what the plans are drawn from.

    Args:
        systems: the cases of each that can be played, by its name.
        content: the name of the folder with the contents.
        style: that with the styles.
        trials: how many that count a listener gets, if there are so many.
        seed: of the plans.
        clips: fingerprint of all clips.
        method: how it is asked.
        questions: what is asked.
        ties: whether listeners may say that they hear no difference.
        scale: words from worst to best, of ratings.
        reference: the name of the folder with the references, of MUSHRA.
        anchors: Hz of the low-passed references among what is rated, of MUSHRA.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: Mapping[str, list[str]]
    content: str
    style: str
    trials: int = Field(ge=1)
    seed: int = Field(ge=0)
    clips: str
    method: Method = Method.ab
    questions: tuple[Question, ...] = QUESTIONS[Method.ab]
    ties: bool = False
    scale: tuple[str, ...] = SCALE
    reference: str = ""
    anchors: tuple[int, ...] = ()

    @property
    def has_checks(self) -> bool:
        """Whether some trials have answers that are known."""
        return self.method is Method.ab and any(each.known for each in self.questions)

    @property
    def ends(self) -> tuple[int, int]:
        """Least and most of a rating."""
        return MUSHRA if self.method is Method.mushra else (1, len(self.scale))

    def pairs(self) -> dict[tuple[str, str], list[str]]:
        """The cases that two systems share, for each two that share any."""
        shared = {
            (one, other): sorted({*self.systems[one]} & {*self.systems[other]})
            for one, other in combinations(sorted(self.systems), 2)
        }
        return {pair: cases for pair, cases in shared.items() if cases}

    def cases(self) -> list[str]:
        """The cases that all systems have, of which each is a page of ratings."""
        return sorted(set.intersection(*({*cases} for cases in self.systems.values())))

    def rated(self) -> list[str]:
        """What is on a page of ratings: systems, and in MUSHRA the hidden reference and anchors."""
        hidden = [self.reference] if self.method is Method.mushra else []
        return [*sorted(self.systems), *hidden, *(anchor(hertz) for hertz in self.anchors)]

    def slots(self) -> dict[str, str]:
        """Clips that are known to listeners, by a short name: their folders."""
        if self.method is Method.mushra:
            return {"reference": self.reference}
        return {"content": self.content, "style": self.style}

    def minutes(self, seconds: float) -> int:
        """About how long a listener takes.

        Args:
            seconds: that a clip lasts, on the mean.
        """
        if self.method is Method.ab:
            together = sum(map(len, self.pairs().values()))
            clips, checks = 4, 3 if self.has_checks else 1
        else:
            together, clips, checks = len(self.cases()), len(self.rated()) + len(self.slots()), 1
        count = min(self.trials, together) + checks
        return max(1, round(count * (1.5 * clips * seconds + ANSWER_SECONDS) / 60))

    def listeners(self) -> int:
        """How many are needed: for `SHARE` of answers, or `STEP` of 100, to show with `POWER`.

        All tests together have the level `LEVEL` (by Bonferroni, whom Holm never falls short of).
        """
        pairs = len(self.pairs())
        level = LEVEL / max(1, pairs * len(self.questions))
        if self.method is Method.ab:
            each = min(self.trials, sum(map(len, self.pairs().values()))) / pairs
            return math.ceil(_answers(level) / each)
        deviations = norm.isf(level / 2) + norm.ppf(POWER)
        return math.ceil(
            float(deviations * SPREAD / STEP) ** 2 + 2
        )  # Student's t needs about two more


def anchor(hertz: int) -> str:
    """The name of an anchor."""
    return f"anchor_{hertz}_hz"


def _answers(level: float) -> int:
    """Answers for one pair after which `SHARE` differs from one half with `POWER`, exactly."""
    for count in range(5, 100 * MAX_LISTENERS):
        least = binom.isf(level / 2, count, 0.5) + 1
        if binom.sf(least - 1, count, SHARE) >= POWER:
            return count
    return 100 * MAX_LISTENERS


def read_questions(path: Path) -> Asked:
    """A file of questions in YAML: `questions` of `name`, `text`, perhaps `known`; and `scale`.

    Raises:
        InputError: naming what is wrong with it.
    """
    try:
        return Asked.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        said = str(error).splitlines()[0]
        raise InputError(
            f"expected a file of questions in {path}: {said}; please mend it."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"expected questions in {path}, {where}: {first['msg'].lower()}; please mend it."
        ) from None
