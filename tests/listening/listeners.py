"""What tests of the listening test share: clips, and a listener without a browser."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import numpy as np
import soundfile
import uvicorn

from timbre.cli.listen import listening_socket
from timbre.listening import clips as listening_clips
from timbre.listening.answers import begin
from timbre.listening.clips import Clips
from timbre.listening.design import QUESTIONS, Design, Method
from timbre.listening.page import Page

SYSTEMS = ("alphanet", "betanet", "gammanet")
REFERENCES = ("copy_content", "copy_style")
CASES = ("case0", "case1", "case2", "case3")
PLAYED = "content,style,a,b"
BEST = {"timbre": "a", "melody": "a", "quality": "a"}


def write_clips(folder: Path) -> Path:
    """A folder as `dvc repro` leaves it: a tone of its own for each system and case."""
    rng = np.random.default_rng(0)
    for name in (*SYSTEMS, *REFERENCES, "resynthesis", "alphanet_shuffled"):
        (folder / name).mkdir(parents=True)
        for case in CASES:
            tone = np.sin(np.arange(4000) * rng.uniform(0.05, 0.3)) * rng.uniform(0.02, 0.9)
            soundfile.write(folder / name / f"{case}.flac", tone, 16000)
    return folder


def opened(folder: Path, trials: int = 6, seed: int = 0, **how: Any) -> tuple[Design, Clips]:
    """The test of all systems of a folder."""
    systems, clips = listening_clips.find(folder, [], *REFERENCES, how.get("reference", ""))
    return listening_clips.design(systems, clips, *REFERENCES, trials, seed, **how), clips


MUSHRA: dict[str, Any] = {
    "method": Method.mushra, "questions": QUESTIONS[Method.mushra], "reference": "resynthesis",
    "anchors": (1000, 3500),
}  # fmt: skip


@contextmanager
def served(design: Design, clips: Clips, answers: Path, **how: Any) -> Iterator[str]:
    """The address of a server in a thread of this process; `how` is of `Page`."""
    servers: list[uvicorn.Server] = []
    ready = threading.Event()

    def serve(bound: socket.socket) -> None:
        with closing(begin(answers, design)) as kept:  # SQLite keeps to one thread
            page = Page(design, clips, kept, **how)
            config = uvicorn.Config(page.application(), http="h11", ws="none", lifespan="off")
            servers.append(uvicorn.Server(config))
            ready.set()
            servers[0].run([bound])

    with listening_socket("127.0.0.1", 0) as bound:
        thread = threading.Thread(target=serve, args=(bound,))
        thread.start()
        assert ready.wait(60)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            servers[0].should_exit = True
            thread.join(60)


def design(trials: int = 6, seed: int = 0) -> Design:
    """A test that needs no clips."""
    return Design(
        systems={name: list(CASES) for name in SYSTEMS},
        content="copy_content",
        style="copy_style",
        trials=trials,
        seed=seed,
        clips="",
    )


class Client:
    """A browser that keeps cookies, and all that it was sent."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.seen: list[str] = []  # texts and headers
        self._cookies = CookieJar()
        self._open = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._cookies)).open

    @property
    def listener(self) -> str:
        """The id that the server gave."""
        (cookie,) = self._cookies
        return str(cookie.value)

    def get(self, path: str = "/", **headers: str) -> tuple[int, bytes]:
        """Status and body."""
        return self._said(path, None, headers)

    def answer(self, token: str, played: str = PLAYED, **choices: str) -> tuple[int, bytes]:
        """Send an answer; a status of 200 is that of the page it leads to."""
        return self.post("/answer", {"token": token, "played": played, **choices})

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        """Send a form."""
        return self._said(path, urlencode(fields).encode(), {})

    def token(self) -> str | None:
        """That of the trial that the page shows; None if there is none left."""
        found = re.search(r'name="token" value="(\w+)"', self.get()[1].decode())
        return found and found[1]

    def _said(self, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        request = Request(self.address + path, data, headers)
        try:
            response = self._open(request, timeout=60)
        except HTTPError as error:
            response = error
        with response:
            body = response.read()
            self.seen.append(f"{response.url}\n{response.headers}\n{body.decode('latin-1')}")
            return response.status, body
