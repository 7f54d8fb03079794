"""Visitors of the page: each gets their own result, and nothing of others or of the machine."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import soundfile
from gradio_client import Client, handle_file

from tests import shipped, tiny
from tests.page.serving import CHOSEN, PATIENCE, Server, Visitor


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
            handle_file(good), handle_file(good), None, *CHOSEN[:5], seed, 48_000, False, False,
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


def test_an_upload_that_is_broken_off_troubles_nobody(server: Server, tmp_path: Path) -> None:
    good = shipped.recording(tmp_path / "good.wav", 1.0)
    complaints = server.complaints.read_text()
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
        "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n--xyz\r\n"
        'Content-Disposition: form-data; name="files"; filename="half.wav"\r\n\r\n'
    )
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", int(server.port))) as connection:
            connection.sendall(head.encode() + b"a" * 300_000)
    assert Visitor(server.url).result(good, good)
    assert server.complaints.read_text() == complaints


def test_nobody_reads_other_files_of_the_server(server: Server, tmp_path: Path) -> None:
    secret = shipped.recording(tmp_path / "secret.wav", 1.0)
    visitor = Visitor(server.url)
    named = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    assert "data" not in visitor.press([named, named])
    named["path"] = "http://127.0.0.1:9/secret.wav"
    with pytest.raises(requests.HTTPError) as refused:
        visitor.press([named, named])
    assert refused.value.response.text.startswith("Expected an upload, got an address")
    answer = requests.get(f"{server.url}/gradio_api/file={secret}", timeout=PATIENCE)
    assert answer.status_code == 403


def test_the_browser_is_told_to_ask_no_other_host(server: Server) -> None:
    answer = requests.get(server.url, timeout=PATIENCE)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self' ")
    assert "http" not in policy
    assert "fonts.googleapis" not in answer.text
