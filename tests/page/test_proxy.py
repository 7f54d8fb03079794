"""The page behind a proxy that serves it at a part of its site."""

import http.client
import re
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests import shipped
from tests.page.serving import PATIENCE, Server, Visitor


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
