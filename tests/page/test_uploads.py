"""Uploads of the page that do not come to their end, and those that do."""

import socket
import time
from pathlib import Path

import pytest
import requests

from tests import shipped
from tests.page.serving import PATIENCE, Server, Visitor

HEAD = (
    "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
    "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n--xyz\r\n"
    'Content-Disposition: form-data; name="files"; filename="half.wav"\r\n\r\n'
)


def files(server: Server) -> set[Path]:
    return {path for path in server.temporary.rglob("*") if path.is_file()}


def test_an_upload_that_is_broken_off_is_deleted_at_once(server: Server, tmp_path: Path) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    Visitor(server.url).upload(good)  # the folder is there
    before, complaints = files(server), server.complaints.read_text()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", int(server.port))) as connection:
            connection.sendall(HEAD.encode() + b"a" * 300_000)
            time.sleep(0.3)  # until it has come
    deadline = time.monotonic() + PATIENCE
    while files(server) != before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.complaints.read_text() == complaints
    assert Visitor(server.url).result(good, good)


@pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, (1 << 19) + 7])
def test_an_upload_comes_whole(server: Server, tmp_path: Path, size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    (tmp_path / "clip.wav").write_bytes(data)
    uploaded = Visitor(server.url).upload(tmp_path / "clip.wav")
    assert Path(uploaded["path"]).read_bytes() == data


def test_a_post_without_a_body_is_answered(server: Server) -> None:
    answer = requests.post(f"{server.url}/gradio_api/upload", timeout=PATIENCE)
    assert answer.status_code >= 400
