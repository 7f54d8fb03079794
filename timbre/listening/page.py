"""The listening test as a web application: one trial at a time, answers kept at once, blind.

What a listener's browser gets names no system: a clip's address is a token of the trial and a side,
and its bytes are made anew. Where a listener stands is computed from the answers in the file.
"""

import re
import sqlite3
from functools import cache, lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from timbre.core.files import fingerprint
from timbre.listening.answers import Answers
from timbre.listening.clips import Clips, heard
from timbre.listening.plan import QUESTIONS, SIDES, Design, Kind, Trial, plan

FOLDER = Path(__file__).parent
SLOTS = {"content": "Content", "style": "Style", "a": "A", "b": "B"}  # the clips of a trial
MAX_ANSWER_BYTES = 4096  # bytes of an answer
HEADERS = {
    # the page needs nothing but what this server gives, and sends nothing elsewhere
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "media-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Page:
    """Request handler: answers to a listener's browser.

    Args:
        design: the test.
        clips: its sound files.
        answers: where answers are kept.
    """

    def __init__(self, design: Design, clips: Clips, answers: Answers) -> None:
        self._design = design
        self._clips = clips
        self._answers = answers
        self._cookie = f"listener_{fingerprint(answers.secret)}"  # two tests may share a host
        self._plan = lru_cache(1024)(lambda listener: plan(design, listener))
        self._sound = lru_cache(32)(heard)

    def application(self) -> Starlette:
        """The addresses and what they do."""
        return Starlette(
            routes=[
                Route("/", self.show),
                Route("/answer", self.answer, methods=["POST"]),
                Route("/another", self.another, methods=["POST"]),
                Route("/sound/{token}/{slot}", self.sound),
                *(Route(f"/listening.{kind}", _asset) for kind in ("css", "js")),
            ]
        )

    async def show(self, request: Request) -> Response:
        """The listener's next trial, or thanks; who has no id yet gets one."""
        listener = self._listener(request) or token_hex(8)
        trials, number = self._plan(listener), self._next(listener)
        progress = {"number": number, "count": len(trials)}
        if number == len(trials):
            response = _page(state="done", **progress)
        else:
            response = _page(
                state="trial",
                practice=trials[number].kind is Kind.training,
                token=self._token(listener, number),
                **progress,
            )
        self._remember(response, listener)
        return response

    async def answer(self, request: Request) -> Response:
        """Keep an answer, then lead to the next trial; a repeated one changes nothing."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                return _refused("This answer is longer than answers are.", 413)
        fields = {
            name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()
        }
        listener = self._listener(request)
        if listener is None:
            return _refused("Please allow cookies: without them nobody knows whose answer this is.")
        number = self._number(listener, fields.get("token", ""))
        if number is None:
            return _refused("This answer belongs to no trial of yours.")
        if {*fields.get("played", "").split(",")} != {*SLOTS}:
            return _refused("Please hear content, style, A and B before you answer.")
        choices = {name: fields.get(name, "") for name in QUESTIONS}
        if not {*choices.values()} <= {*SIDES}:
            return _refused("Please answer each question with A or B.")
        try:
            self._answers.store(listener, number, self._plan(listener)[number], choices)
        except sqlite3.Error:
            return _refused(
                "The answer could not be stored. Please go back and send it again.", 503
            )
        return RedirectResponse("/", 303, HEADERS)

    async def another(self, request: Request) -> Response:
        """Let somebody else begin in the same browser."""
        response = RedirectResponse("/", 303, HEADERS)
        self._remember(response, token_hex(8))
        return response

    async def sound(self, request: Request) -> Response:
        """A clip of a trial that the listener has come to."""
        listener, slot = self._listener(request), request.path_params["slot"]
        if listener is None or slot not in SLOTS:
            return _refused("There is no such sound.", 404)
        number = self._number(listener, request.path_params["token"])
        if number is None:
            return _refused("There is no such sound.", 404)
        data = self._sound(self._file(self._plan(listener)[number], slot))
        return ranged(data, request.headers.get("range", ""))

    def _file(self, trial: Trial, slot: str) -> Path:
        references = {"content": self._design.content, "style": self._design.style}
        return self._clips[(references | {"a": trial.a, "b": trial.b})[slot]][trial.case]

    def _listener(self, request: Request) -> str | None:
        listener = request.cookies.get(self._cookie, "")
        return listener if re.fullmatch("[0-9a-f]{16}", listener) else None

    def _remember(self, response: Response, listener: str) -> None:
        response.set_cookie(
            self._cookie, listener, max_age=365 * 86400, httponly=True, samesite="lax"
        )

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


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("listening.html.jinja")


def _page(status: int = 200, **values: Any) -> HTMLResponse:
    text = _template().render(questions=QUESTIONS, slots=SLOTS, sides=SIDES, **values)
    return HTMLResponse(text, status, HEADERS)


def _refused(reason: str, status: int = 400) -> HTMLResponse:
    return _page(status, state="refused", reason=reason)


async def _asset(request: Request) -> Response:
    # no-cache: a browser asks whether its copy is still the newest
    return FileResponse(
        FOLDER / request.url.path.strip("/"), headers={**HEADERS, "Cache-Control": "no-cache"}
    )


def ranged(data: bytes, wanted: str) -> Response:
    """A FLAC file, or the part of it that a player asks for (RFC 9110, section 14).

    Args:
        data: the whole file.
        wanted: the header `Range`; of more than one range, or of no bytes, the whole is given.
    """
    headers = HEADERS | {"Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d{0,12})-(\d{0,12})", wanted)
    if match is None or match.groups() == ("", ""):
        return Response(data, 200, headers, "audio/flac")
    first, last = match.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    stop = min(len(data), int(last) + 1) if first and last else len(data)
    if start >= stop:
        return Response(b"", 416, headers | {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Response(data[start:stop], 206, headers, "audio/flac")
