"""The listening test as a web application: one trial at a time, answers kept at once, blind.

What a listener's browser gets names no system: a clip's address is a token of the trial and a side,
and its bytes are made anew. Where a listener stands is computed from the answers in the file.
"""

import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from time import monotonic

import soundfile
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from timbre.core.files import fingerprint
from timbre.listening import headphones
from timbre.listening.answers import Answer, Answers
from timbre.listening.clips import Clips, heard
from timbre.listening.design import Design, anchor
from timbre.listening.frame import Frame
from timbre.listening.plan import TIE, Kind, Trial, choices, plan
from timbre.listening.responses import HEADERS, asset, form, ranged, rendered

PARTICIPANT = ("participant", "PROLIFIC_PID")  # in the address: what a panel calls a listener
MAX_NAME_LENGTH = 64  # characters of that
NO_FRAME = Frame()
LABELS = {"content": "Content", "style": "Style", "reference": "Reference"}


class Page:
    """Request handler: answers to a listener's browser.

    Args:
        design: the test.
        clips: its sound files.
        answers: where answers are kept.
        frame: what stands around the trials.
        clock: seconds, by which it is told how long an answer took.
    """

    def __init__(
        self,
        design: Design,
        clips: Clips,
        answers: Answers,
        frame: Frame = NO_FRAME,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._design, self._clips, self._answers = design, clips, answers
        self._frame, self._clock = frame, clock
        self._anchors = {anchor(hertz): hertz for hertz in design.anchors}
        self._cookie = f"listener_{fingerprint(answers.secret)}"  # two tests may share a host
        self._plan = lru_cache(1024)(lambda listener: plan(design, listener))
        self._sound = lru_cache(32)(heard)
        self._lasts = lru_cache(4096)(lambda path: float(soundfile.info(path).duration))
        self._shown: dict[tuple[str, int], float] = {}  # when a trial was first seen
        self._attempts: dict[str, int] = {}  # at the check of headphones

    def application(self) -> Starlette:
        """The addresses and what they do."""
        return Starlette(
            routes=[
                Route("/", self.show),
                Route("/consent", self.consent, methods=["POST"]),
                Route("/headphones", self.check, methods=["POST"]),
                Route("/answer", self.answer, methods=["POST"]),
                Route("/another", self.another, methods=["POST"]),
                Route("/tones/{number:int}", self.tones),
                Route("/sound/{token}/{slot}", self.sound),
                *(Route(f"/{name}", asset) for name in ("listening.css", "player.js", "trial.js")),
            ]
        )

    async def show(self, request: Request) -> Response:
        """What comes next for a listener; who has no id yet gets one."""
        listener = self._welcomed(request) or self._listener(request) or token_hex(8)
        response = self._next_page(listener)
        response.set_cookie(
            self._cookie, listener, max_age=365 * 86400, httponly=True, samesite="lax"
        )
        return response

    def _next_page(self, listener: str) -> Response:
        frame, noted = self._frame, self._answers.noted(listener)
        if frame.consent and "consented" not in noted:
            return rendered("consent", text=frame.consent, minutes=frame.minutes)
        if frame.headphones and "headphones" not in noted:
            return rendered(
                "headphones", rounds=headphones.ROUND_COUNT, tones=headphones.TONE_COUNT,
                again=bool(self._attempts.get(listener)),
            )  # fmt: skip
        trials, number = self._plan(listener), self._next(listener)
        if number == len(trials):
            return rendered("done", text=frame.closing, code=frame.code)
        trial, design = trials[number], self._design
        self._shown.setdefault((listener, number), self._clock())
        return rendered(
            "trial",
            practice=trial.kind is Kind.training,
            token=self._token(listener, number),
            number=number,
            count=len(trials),
            minutes=frame.minutes,
            method=design.method,
            questions={each.name: each.text for each in design.questions},
            known={slot: LABELS[slot] for slot in design.slots()},
            sides={side: side.upper() for side in trial.sides},
            answers=[*trial.sides, *([TIE] if design.ties else [])],
            scale=design.scale,
        )

    async def consent(self, request: Request) -> Response:
        """Keep that a listener agrees."""
        return self._noting(request, "consented")

    async def check(self, request: Request) -> Response:
        """Look at what was heard in the check of headphones."""
        listener, fields = self._listener(request), await form(request)
        if listener is None or fields is None:
            return _strange()
        attempt = self._attempts.get(listener, 0)
        self._attempts[listener] = attempt + 1
        right = [
            fields.get(f"round{number}") == str(headphones.softest(listener, attempt, number)[0])
            for number in range(headphones.ROUND_COUNT)
        ]
        if sum(right) < headphones.MIN_RIGHT_ROUNDS:
            return RedirectResponse("/", 303, HEADERS)
        return self._noting(request, "headphones")

    async def tones(self, request: Request) -> Response:
        """The tones of a round of that check."""
        listener, number = self._listener(request), request.path_params["number"]
        if listener is None or number not in range(headphones.ROUND_COUNT):
            return _nothing()
        attempt = self._attempts.get(listener, 0)
        data = headphones.tones(*headphones.softest(listener, attempt, number))
        return ranged(data, request.headers.get("range", ""))

    async def answer(self, request: Request) -> Response:
        """Keep an answer, then lead to the next trial; a repeated one changes nothing."""
        fields = await form(request)
        if fields is None:
            return _refused("This answer is longer than answers are.", 413)
        listener = self._listener(request)
        if listener is None:
            return _strange()
        number = self._number(listener, fields.get("token", ""))
        if number is None:
            return _refused("This answer belongs to no trial of yours.")
        trial = self._plan(listener)[number]
        slots = {*self._design.slots(), *trial.sides}
        if {*fields.get("played", "").split(",")} != slots:
            return _refused(f"Please hear {self._listed(trial)} before you answer.")
        answers = choices(self._design, trial, fields)
        if answers is None:
            return _refused("Please answer each question.")
        seen = self._shown.get((listener, number))
        lasts = sum(self._lasts(self._file(trial, slot)[0]) for slot in slots)
        took = None if seen is None else self._clock() - seen
        try:
            self._answers.welcome(listener)
            self._answers.store(Answer(listener, number, trial, answers, took, lasts))
        except sqlite3.Error:
            return _refused(
                "The answer could not be stored. Please go back and send it again.", 503
            )
        return RedirectResponse("/", 303, HEADERS)

    async def another(self, request: Request) -> Response:
        """Let somebody else begin in the same browser."""
        response = RedirectResponse("/", 303, HEADERS)
        response.delete_cookie(self._cookie)
        return response

    async def sound(self, request: Request) -> Response:
        """A clip of a trial that the listener has come to."""
        listener, slot = self._listener(request), request.path_params["slot"]
        number = listener and self._number(listener, request.path_params["token"])
        if listener is None or not isinstance(number, int):
            return _nothing()
        trial = self._plan(listener)[number]
        if slot not in {*self._design.slots(), *trial.sides}:
            return _nothing()
        data = self._sound(*self._file(trial, slot))
        return ranged(data, request.headers.get("range", ""))

    def _file(self, trial: Trial, slot: str) -> tuple[Path, int]:
        """The file of a clip, and where it is low-passed."""
        name = (self._design.slots() | trial.sides)[slot]
        if name in self._anchors:
            return self._clips[self._design.reference][trial.case], self._anchors[name]
        return self._clips[name][trial.case], 0

    def _listed(self, trial: Trial) -> str:
        """The clips of a trial, in words."""
        *before, last = [*self._design.slots(), *(side.upper() for side in trial.sides)]
        return f"{', '.join(before)} and {last}"

    def _listener(self, request: Request) -> str | None:
        listener = request.cookies.get(self._cookie, "")
        return listener if re.fullmatch("[0-9a-f]{16}", listener) else None

    def _welcomed(self, request: Request) -> str | None:
        """The listener whom a panel names in the address, the same in each browser."""
        names = (request.query_params.get(name, "").strip() for name in PARTICIPANT)
        name = next(filter(None, names), "")[:MAX_NAME_LENGTH]
        if not name:
            return None
        listener = fingerprint(self._answers.secret, "participant", name)
        self._answers.welcome(listener, name)
        return listener

    def _noting(self, request: Request, what: str) -> Response:
        """Keep that a listener did something, then lead on."""
        listener = self._listener(request)
        if listener is None:
            return _strange()
        self._answers.note(listener, what)
        return RedirectResponse("/", 303, HEADERS)

    def _next(self, listener: str) -> int:
        """The number of the first trial that is not answered."""
        answered = self._answers.answered(listener)
        trials = range(len(self._plan(listener)))
        return next((n for n in trials if n not in answered), len(trials))

    def _token(self, listener: str, number: int) -> str:
        return fingerprint(self._answers.secret, listener, number)

    def _number(self, listener: str, token: str) -> int | None:
        """Of which trial a token is, among those that the listener has come to."""
        reached = range(min(self._next(listener) + 1, len(self._plan(listener))))
        return next((n for n in reached if self._token(listener, n) == token), None)


def _refused(reason: str, status: int = 400) -> Response:
    return rendered("refused", status, reason=reason)


def _strange() -> Response:
    return _refused("Please allow cookies: without them nobody knows whose answer this is.")


def _nothing() -> Response:
    return _refused("There is no such sound.", 404)
