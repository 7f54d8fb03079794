"""The page's server: its beginning, its end, and where it listens."""

import signal
import socket
import stat
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.conftest import run_stage
from tests.page.serving import PATIENCE, Server
from timbre.core.errors import InputError
from timbre.page.limits import Limits
from timbre.page.server import listening, normalized, serve


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
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in ends]
    try:
        with pytest.raises(
            InputError, match=r"^expected trained weights of a model .*--weights\.$"
        ):
            serve("127.0.0.1", 0, tmp_path, Limits(), 1)
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)


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


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", ""), ("/", ""), ("timbre", "/timbre"), ("/timbre/", "/timbre"), ("/a/b", "/a/b"),
        ("https://example.org/timbre/", "https://example.org/timbre"),
    ],
)  # fmt: skip
def test_a_sub_path_may_be_written_with_slashes_or_without(given: str, meant: str) -> None:
    assert normalized(given) == meant
