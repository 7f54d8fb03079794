"""`timbre serve` in a process of its own, and somebody who visits it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests import shipped
from tests.conftest import ROOT

PATIENCE = 300  # s: a busy machine starts it slowly
# model, strength, dynamics, mix, temperature, seed, rate, stereo, normalize, suffix, results
CHOSEN = ["glow", 1.0, 1.0, 0.5, 0.2, 0, 0, True, False, ".wav", []]


class Visitor:
    """Somebody with the page open."""

    def __init__(self, url: str) -> None:
        self._url, self._session = url, uuid4().hex
        known = requests.get(f"{url}/config", timeout=PATIENCE).json()["dependencies"]
        self._transfer = next(each["id"] for each in known if each["api_name"] == "transfer")

    def upload(self, path: Path) -> dict[str, Any]:
        """Drop a file."""
        with path.open("rb") as file:
            answer = requests.post(
                f"{self._url}/gradio_api/upload", files={"files": file}, timeout=PATIENCE
            )
        answer.raise_for_status()
        return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}

    def transfer(self, *clips: Path | None) -> dict[str, Any]:
        """Drop files and press the button; what the page is told in the end."""
        return self.press([None if clip is None else self.upload(clip) for clip in clips])

    def press(self, uploads: list[dict[str, Any] | None]) -> dict[str, Any]:
        """The same for what is already there."""
        wanted = {
            "data": [*uploads, None, *CHOSEN],
            "fn_index": self._transfer,
            "session_hash": self._session,
        }
        joined = requests.post(f"{self._url}/gradio_api/queue/join", json=wanted, timeout=PATIENCE)
        joined.raise_for_status()
        told = requests.get(
            f"{self._url}/gradio_api/queue/data",
            params={"session_hash": self._session}, stream=True, timeout=PATIENCE,
        )  # fmt: skip
        for line in told.iter_lines():
            message = json.loads(line.removeprefix(b"data: ")) if line else {}
            if message.get("msg") == "process_completed":
                output: dict[str, Any] = message["output"]
                return output
        raise AssertionError("the page was told of no end")

    def result(self, *clips: Path) -> bytes:
        """The recording that comes out."""
        path = self.transfer(*clips)["data"][0]["value"]["path"]
        answer = requests.get(f"{self._url}/gradio_api/file={path}", timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content


class Server:
    """`timbre serve` in a process of its own, with a temporary folder that can be looked into."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.weights = str(shipped.write(folder / "weights"))
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.complaints = folder / "stderr"
        complaints = self.complaints.open("w")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "timbre", "serve", "--port", "0"),
                *("--weights", self.weights, "--max-upload-mb", "1", *options),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "CI": "", "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        complaints.close()
        assert self.process.stdout is not None
        said = re.match(r"Open (http://127\.0\.0\.1:(\d+))$", self.process.stdout.readline())
        assert said is not None
        self.url, self.port = said[1], said[2]
