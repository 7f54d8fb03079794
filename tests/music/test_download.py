"""Downloads: interrupted or not, the same file in the end."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.music.download import download

CONTENT = bytes(i * 7919 % 251 for i in range(300_000))


class Server(ThreadingHTTPServer):
    """Serves `content` at every address, as badly as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.headers_always: dict[str, str] = {}  # sent with each answer
        self.ranges = True  # honours the Range header
        self.tag = '"1"'
        self.announces_length = True
        self.drops: list[int] = []  # bytes after which to hang up, one for each answer
        self.status = 200
        self.asked: list[str] = []  # the Range headers received

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.tar.gz"


class Handler(BaseHTTPRequestHandler):
    """Answers GET with ranges, as RFC 9110 has it."""

    server: Server

    def do_GET(self) -> None:
        server = self.server
        content, span = server.content, self.headers.get("Range", "")
        server.asked.append(span)
        first = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
        if not server.ranges or self.headers.get("If-Range", server.tag) != server.tag:
            first = 0
        if server.status != 200:
            self.send_response(server.status)
            self.end_headers()
            return
        if first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if server.tag:
            self.send_header("ETag", server.tag)
        if server.announces_length:
            self.send_header("Content-Length", str(len(content) - first))
        for name, value in server.headers_always.items():
            self.send_header(name, value)
        self.end_headers()
        stop = server.drops.pop(0) if server.drops else len(content)
        self.wfile.write(content[first : first + stop])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=[0.01])
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_is_the_file(server: Server, tmp_path: Path) -> None:
    download(server.url, tmp_path / "new" / "file")
    assert (tmp_path / "new" / "file").read_bytes() == CONTENT
    assert names(tmp_path / "new") == ["file"]


def test_a_finished_file_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"here")
    download(server.url, tmp_path / "file")
    assert server.asked == []


def test_a_dropped_connection_is_resumed_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.drops = [100_000, 50_000]
    download(server.url, tmp_path / "file", pause=0)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_call_resumes_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.drops = [100_000]
    with pytest.raises(InputError, match=r"no further than 100000 bytes .* run this again"):
        download(server.url, tmp_path / "file", tries=1)
    assert names(tmp_path) == ["file.part", "file.part.version"]
    download(server.url, tmp_path / "file", tries=1)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert names(tmp_path) == ["file"]


def test_progress_is_not_counted_as_a_failure(server: Server, tmp_path: Path) -> None:
    server.drops = [30_000] * 9
    download(server.url, tmp_path / "file", tries=2, pause=0)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_cannot_resume_starts_again(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.drops = [100_000]
    download(server.url, tmp_path / "file", pause=0)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_names_no_version_starts_again(server: Server, tmp_path: Path) -> None:
    server.tag = ""
    server.drops = [100_000]
    download(server.url, tmp_path / "file", pause=0)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["", ""]


def test_a_file_that_changed_meanwhile_starts_again(server: Server, tmp_path: Path) -> None:
    server.drops = [100_000]
    with pytest.raises(InputError):
        download(server.url, tmp_path / "file", tries=1)
    server.content, server.tag = CONTENT[::-1], '"2"'
    download(server.url, tmp_path / "file", tries=1)
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


def test_a_part_that_is_already_whole_is_taken(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT)
    (tmp_path / "file.part.version").write_text(server.tag)
    download(server.url, tmp_path / "file", tries=1)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_longer_than_the_file_starts_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    (tmp_path / "file.part.version").write_text(server.tag)
    download(server.url, tmp_path / "file", pause=0)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_of_unknown_length_is_taken(server: Server, tmp_path: Path) -> None:
    server.announces_length = False
    download(server.url, tmp_path / "file", tries=1)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_gz_that_the_server_calls_an_encoding_stays_packed(
    server: Server, tmp_path: Path
) -> None:
    server.headers_always = {"Content-Encoding": "gzip"}
    download(server.url, tmp_path / "file", tries=1)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_an_error_status_is_one_sentence_and_not_tried_again(
    server: Server, tmp_path: Path
) -> None:
    server.status = 404
    with pytest.raises(InputError, match=r"got the answer 404 Not Found; please check the address"):
        download(server.url, tmp_path / "file")
    assert len(server.asked) == 1
    assert names(tmp_path) == []


def test_a_server_in_trouble_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.status = 503
    with pytest.raises(InputError, match=r"no further than 0 bytes \(the server answers 503\)"):
        download(server.url, tmp_path / "file", tries=3, pause=0)
    assert len(server.asked) == 3


def test_an_unreachable_host_is_one_sentence(server: Server, tmp_path: Path) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(InputError, match=r"refused\); please check the network"):
        download(url, tmp_path / "file", tries=2, pause=0)
