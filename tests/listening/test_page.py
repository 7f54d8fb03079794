"""The listening test as listeners meet it: blind, in order, resumed, and answered once."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from tests.listening.listeners import BEST, CASES, PLAYED, Client, opened, served, write_clips
from timbre.cli.listen import listening_socket
from timbre.core.errors import InputError
from timbre.listening.answers import read
from timbre.listening.plan import Kind, plan
from timbre.listening.responses import MAX_ANSWER_BYTES, ranged


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("page") / "examples")


@pytest.fixture(scope="module")
def answers(clips: Path) -> Path:
    return clips.parent / "answers.sqlite"


@pytest.fixture(scope="module")
def address(clips: Path, answers: Path) -> Iterator[str]:
    """A server in a thread of this process."""
    design, found = opened(clips)
    with served(design, found, answers) as at:
        yield at


@pytest.fixture
def client(address: str) -> Client:
    return Client(address)


def stored(path: Path) -> int:
    return len(read(path)[1])


def test_a_whole_session_is_stored_in_order(client: Client, answers: Path, clips: Path) -> None:
    before = {answer.listener for answer in read(answers)[1]}
    tokens = []
    while (token := client.token()) is not None:
        tokens.append(token)
        assert client.answer(token, **BEST)[0] == 200
    assert len({*tokens}) == 1 + 6 + 2
    assert "Thank you" in client.get()[1].decode()
    design, rows = read(answers)
    mine = [answer for answer in rows if answer.listener not in before]
    assert [each.number for each in mine] == list(range(9))
    assert [each.trial for each in mine] == plan(design, mine[0].listener)
    assert mine[0].trial.kind is Kind.training
    assert all(each.choices == BEST for each in mine)
    assert client.post("/another", {})[0] == 200
    assert "Practice" in client.get()[1].decode()


def test_nothing_that_a_browser_gets_names_a_system_or_a_case(client: Client) -> None:
    for _ in range(4):
        token = client.token()
        assert token
        for slot in PLAYED.split(","):
            assert client.get(f"/sound/{token}/{slot}")[0] == 200
        client.answer(token, played="", **BEST)
        client.answer(token, **BEST)
    client.get("/listening.css")
    client.get("/player.js")
    client.get("/trial.js")
    client.get("/sound/0/a")
    everything = "\n".join(client.seen).lower()
    for word in ("net", *CASES, "copy_", "examples", "shuffled"):
        assert word not in everything, word
    assert not re.search(r"(src|href|action)=\"(?!/|data:,)", everything)
    assert "https:" not in everything


def test_sounds_are_those_of_the_plan(client: Client, answers: Path, clips: Path) -> None:
    token = client.token()
    assert token
    client.answer(token, **BEST)
    rows = read(answers)[1]
    listener = next(row.listener for row in rows if re.search(row.listener, client.seen[0]))
    trial = plan(read(answers)[0], listener)[1]
    token = client.token()
    folders = {"content": "copy_content", "style": "copy_style", "a": trial.a, "b": trial.b}
    for slot, folder in folders.items():
        sound = soundfile.read(io.BytesIO(client.get(f"/sound/{token}/{slot}")[1]))[0]
        source = soundfile.read(clips / folder / f"{trial.case}.flac")[0]
        scale = (source @ sound) / (source @ source)
        assert sound == pytest.approx(scale * source, abs=1e-3)


@pytest.mark.parametrize("played", ["", "content,style,a", "content,style,a,a", "a,b"])
def test_an_answer_before_all_is_played_is_refused(
    client: Client, answers: Path, played: str
) -> None:
    token, before = client.token(), stored(answers)
    status, body = client.answer(str(token), played=played, **BEST)
    assert (status, stored(answers)) == (400, before)
    assert b"Please hear content, style, A and B before you answer." in body
    assert client.token() == token


@pytest.mark.parametrize("question", BEST)
@pytest.mark.parametrize("side", ["", "c", "alphanet"])
def test_a_question_without_answer_is_refused(
    client: Client, answers: Path, question: str, side: str
) -> None:
    token, before = client.token(), stored(answers)
    assert client.answer(str(token), **(BEST | {question: side}))[0] == 400
    assert stored(answers) == before


def test_the_same_answer_twice_counts_once_and_the_first_stands(
    client: Client, answers: Path
) -> None:
    token, before = str(client.token()), stored(answers)
    assert client.answer(token, **BEST)[0] == 200
    following = client.token()
    assert client.answer(token, **dict.fromkeys(BEST, "b"))[0] == 200
    assert stored(answers) == before + 1
    assert client.token() == following != token


def test_answers_of_others_and_of_nobody_are_refused(client: Client, address: str) -> None:
    token = str(client.token())
    stranger = Client(address)
    assert stranger.answer(token, **BEST)[0] == 400  # no cookie yet
    stranger.get()
    assert stranger.answer(token, **BEST)[0] == 400
    assert stranger.get(f"/sound/{token}/a")[0] == 404
    assert client.get(f"/sound/{token}/target")[0] == 404
    assert client.answer("", **BEST)[0] == 400
    assert client.answer(token, played="x" * MAX_ANSWER_BYTES)[0] == 413
    assert client.get("/../pyproject.toml")[0] == 404


def test_the_page_states_that_it_needs_nothing_from_elsewhere(client: Client) -> None:
    client.get()
    assert "default-src 'none'" in client.seen[0]
    assert "<script>" not in client.seen[0]


@pytest.mark.parametrize(
    ("wanted", "status", "got"),
    [
        ("", 200, b"0123456789"),
        ("bytes=0-", 206, b"0123456789"),
        ("bytes=3-5", 206, b"345"),
        ("bytes=8-100", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-100", 206, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=5-3", 416, b""),
        ("bytes=-", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=0-1", 200, b"0123456789"),
    ],
)
def test_players_get_the_part_that_they_ask_for(wanted: str, status: int, got: bytes) -> None:
    response = ranged(b"0123456789", wanted)
    assert (response.status_code, response.body) == (status, got)
    if status == 206:
        start = b"0123456789".index(got)
        assert response.headers["content-range"] == f"bytes {start}-{start + len(got) - 1}/10"


def test_a_port_in_use_is_refused(address: str) -> None:
    port = int(address.rsplit(":", 1)[1])
    with pytest.raises(
        InputError, match=rf"^expected to serve at .* {port}: .*--port or --host\.$"
    ):
        listening_socket("127.0.0.1", port)


def test_an_address_of_nobody_is_refused() -> None:
    with pytest.raises(InputError, match=r"^expected to serve at 192\.0\.2\.1, port 0: "):
        listening_socket("192.0.2.1", 0)
