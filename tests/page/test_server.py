"""The web server: private folders, a port of its own, and each visitor's own result."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
import requests
import soundfile
from gradio_client import Client, handle_file

from tests import shipped, tiny
from tests.conftest import ROOT, run_stage
from timbre.clips import clips
from timbre.core.errors import InputError
from timbre.page import examples as serving_examples
from timbre.page.folder import FOLDER_PREFIX, clear, private_folder, sweep
from timbre.page.limits import Limits
from timbre.page.server import listening, serve

PATIENCE = 300  # s: a busy machine starts it slowly
# model, strength, mix, temperature, seed, rate, stereo, normalize, suffix, results
CHOSEN = ["glow", 1.0, 0.5, 0.2, 0, 0, True, False, ".wav", []]


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.process.kill()
    server.process.communicate()


def test_each_visitor_gets_their_own(server: Server, tmp_path: Path) -> None:
    clips = [shipped.recording(tmp_path / f"{n}.wav", 1.0, seed=n) for n in range(3)]
    visitors = [Visitor(server.url) for _ in clips]
    styles = clips[1:] + clips[:1]
    alone = list(map(Visitor.result, visitors, clips, styles))
    assert len(set(alone)) == 3
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(Visitor.result, visitors, clips, styles))
    assert together == alone
    (tmp_path / "out.wav").write_bytes(alone[0])
    assert soundfile.info(tmp_path / "out.wav").frames == tiny.AUDIO.sample_rate


def test_a_refusal_is_one_sentence_and_it_goes_on(server: Server, tmp_path: Path) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    short = shipped.recording(tmp_path / "short.wav", 0.3)
    visitor = Visitor(server.url)
    for uploads, said in (
        ((good, None), "Expected a recording as style, got none; please drop one there"),
        ((good, short), "Expected a style of 0.5 s or more, short.wav lasts 0.300 s; please"),
    ):
        notes = [each.get("value") for each in visitor.transfer(*uploads)["data"][4:]]
        assert sum(map(bool, notes)) == 1
        assert (notes[1] or notes[0]).removeprefix("\N{WARNING SIGN} ").startswith(said)
    assert visitor.result(good, good)


def test_scripts_on_this_machine_may_call_it(server: Server, tmp_path: Path) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    client = Client(server.url, verbose=False, download_files=str(tmp_path))
    for seed in (0, 1):
        made = client.predict(
            handle_file(good), handle_file(good), None, *CHOSEN[:4], seed, 48_000, False, False,
            ".flac", results=[], api_name="/transfer",
        )  # fmt: skip
        out = Path(made[0]["value"])
        assert (soundfile.info(out).samplerate, out.suffix) == (48_000, ".flac")
        assert made[1]["caption"].endswith(f"seed {seed}, 48 kHz mono")
    client.close()


def test_results_of_a_browser_are_only_those_that_were_made_here(
    server: Server, tmp_path: Path
) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    shown = Visitor(server.url).transfer(good, good)["data"][1]
    for clip in shown["clips"]:
        for kind in ("sound", "picture"):
            url = f"{server.url}/gradio_api/file={clip[kind]}"
            assert requests.get(url, timeout=PATIENCE).ok
    assert [clip["slot"] for clip in shown["clips"]] == ["content", "style", "result"]


def test_a_large_upload_is_refused_while_it_comes(server: Server, tmp_path: Path) -> None:
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(3_000_000)
    with pytest.raises(requests.RequestException):
        Visitor(server.url).upload(large)
    kept = [path.stat().st_size for path in server.temporary.rglob("*") if path.is_file()]
    assert max(kept) < 1 << 20


def test_an_upload_that_is_broken_off_is_deleted_at_once(server: Server, tmp_path: Path) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    Visitor(server.url).upload(good)  # the folder is there
    before = {path for path in server.temporary.rglob("*") if path.is_file()}
    complaints = server.complaints.read_text()
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
        "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n--xyz\r\n"
        'Content-Disposition: form-data; name="files"; filename="half.wav"\r\n\r\n'
    )
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", int(server.port))) as connection:
            connection.sendall(head.encode() + b"a" * 300_000)
            while len({path for path in server.temporary.rglob("*") if path.is_file()}) == len(
                before
            ):
                time.sleep(0.01)
    deadline = time.monotonic() + PATIENCE
    while {path for path in server.temporary.rglob("*") if path.is_file()} != before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.complaints.read_text() == complaints
    assert Visitor(server.url).result(good, good)


class Proxy(BaseHTTPRequestHandler):
    """A proxy that serves `server` at `/timbre/`, as nginx does with `proxy_pass`."""

    server_port = 0

    def do_GET(self) -> None:
        """Hand a request on without the path's beginning, and the answer back as it comes."""
        assert self.path.startswith("/timbre/"), self.path
        size = int(self.headers.get("Content-Length", 0))
        headers = dict(self.headers.items()) | {"X-Forwarded-Proto": "http"}
        path = self.path.removeprefix("/timbre")
        with closing(http.client.HTTPConnection("127.0.0.1", self.server_port)) as inner:
            inner.request(self.command, path, self.rfile.read(size), headers)
            with inner.getresponse() as answer:
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.end_headers()
                while part := answer.read1():
                    self.wfile.write(part)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_behind_a_proxy_at_a_sub_path_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(tmp_path, "--root-path", "/timbre")
    monkeypatch.setattr(Proxy, "server_port", int(server.port))
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    try:
        with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
            Thread(target=proxy.serve_forever, daemon=True).start()
            outside = f"http://127.0.0.1:{proxy.server_port}"
            page = requests.get(f"{outside}/timbre/", timeout=PATIENCE).text
            told = requests.get(f"{outside}/timbre/config", timeout=PATIENCE).json()["root"]
            assert urlsplit(told).path == "/timbre"
            assert re.search(r'"root": ?"([^"]*)"', page)[1] == told  # type: ignore[index]
            for asset in re.findall(r'(?:src|href)="(\./[^"]+\.(?:js|css))"', page):
                found = requests.get(urljoin(f"{outside}/timbre/", asset), timeout=PATIENCE)
                assert found.ok
            assert Visitor(f"{outside}/timbre").result(good, good)
            proxy.shutdown()
    finally:
        server.process.kill()
        server.process.communicate()


def test_nobody_reads_other_files_of_the_server(server: Server, tmp_path: Path) -> None:
    secret = shipped.recording(tmp_path / "secret.wav", 1.0)
    visitor = Visitor(server.url)
    named = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    assert "data" not in visitor.press([named, named])
    named["path"] = "http://127.0.0.1:9/secret.wav"
    assert visitor.press([named, named])["error"].startswith("Expected an upload, got an address")
    answer = requests.get(f"{server.url}/gradio_api/file={secret}", timeout=PATIENCE)
    assert answer.status_code == 403


def test_the_browser_is_told_to_ask_no_other_host(server: Server) -> None:
    answer = requests.get(server.url, timeout=PATIENCE)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self' ")
    assert "http" not in policy
    assert "fonts.googleapis" not in answer.text


def test_a_taken_port_is_one_sentence_and_exit_code_2(server: Server) -> None:
    words = ["serve", "--port", server.port, "--weights", server.weights]
    result = run_stage(server.folder, "timbre", *words)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: expected to listen on 127.0.0.1, port {server.port}: ")
    assert result.stderr.count("\n") == 1


def test_nothing_is_left_when_it_ends_with_pages_open(server: Server) -> None:
    (folder,) = server.temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = server.complaints.read_text()
    listening_page = f"{server.url}/gradio_api/heartbeat/{uuid4().hex}"
    with requests.get(listening_page, stream=True, timeout=PATIENCE) as heartbeat:
        assert heartbeat.headers["Content-Type"].startswith("text/event-stream")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
    assert list(server.temporary.iterdir()) == []
    assert server.complaints.read_text() == before


def test_missing_weights_are_told_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "")  # is put back afterwards
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(
            InputError, match=r"^expected trained weights of a model .*--weights\.$"
        ):
            serve("127.0.0.1", 0, tmp_path, Limits(), 1)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_address_of_another_machine_is_refused() -> None:
    with (
        pytest.raises(InputError, match=r"^expected to listen on 192\.0\.2\.1, port 0: .* --host"),
        listening("192.0.2.1", 0),
    ):
        pass


def test_it_listens_where_it_is_told() -> None:
    with listening("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()):
            pass
        assert listener.getsockname()[0] == "127.0.0.1"


def test_what_is_old_is_swept_but_for_what_is_kept() -> None:
    with private_folder() as folder:
        for number, name in enumerate(("old", "kept", "new")):
            (folder / name / "a").mkdir(parents=True)
            path = folder / name / "a" / "file"
            path.touch()
            os.utime(path, (number, number))
        sweep(folder, {folder / "kept" / "a" / "file"}, before=2)
        assert sorted(path.parts[-3] for path in folder.rglob("file")) == ["kept", "new"]
    assert not folder.exists()


def test_what_a_killed_server_left_is_removed_by_the_next() -> None:
    with private_folder() as held:
        left = held.parent / f"{FOLDER_PREFIX}left"
        (left / "gradio").mkdir(parents=True)
        (left / "gradio" / "file").touch()
        clear(held.parent)
        assert not left.exists()
        assert held.exists()


def test_examples_are_clips_that_can_be_transferred(tmp_path: Path) -> None:
    examples, library = serving_examples.write(tmp_path)
    assert len(library) == len(clips())
    assert len({example.label for example in examples}) == 3
    for example in examples:
        for path in (example.content, example.style):
            assert 2 < soundfile.info(path).duration < 10
            assert abs(soundfile.read(path)[0]).max() > 0.05
