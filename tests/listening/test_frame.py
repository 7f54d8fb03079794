"""What stands around a test: consent, headphones, names of a panel, a code; and ratings."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.listening.listeners import BEST, MUSHRA, Client, opened, served, write_clips
from timbre.core.errors import InputError
from timbre.listening import headphones
from timbre.listening.answers import read
from timbre.listening.clips import LEVEL_DB
from timbre.listening.design import Design, Method, read_questions
from timbre.listening.frame import Frame, markdown
from timbre.listening.plan import plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_clips(tmp_path / "examples")


def test_listeners_agree_show_headphones_and_get_a_code(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "consent.md").write_text("# You may stop\n\n<script>no</script> *any* time.")
    consent = markdown(tmp_path / "consent.md")
    frame = Frame(consent, "<p>Bye.</p>", "C0DE-7", headphones=True, minutes=15)
    design, clips = opened(folder, trials=1)
    with served(design, clips, tmp_path / "a.sqlite", frame=frame) as address:
        client = Client(address)
        first = client.get()[1].decode()
        assert "<em>any</em> time" in first
        assert "<script>no" not in first
        assert "about 15 minutes" in first
        assert client.token() is None  # nothing before they agree
        client.post("/consent", {})
        assert "softest" in client.get()[1].decode()
        for attempt in range(2):
            rounds = [
                headphones.softest(client.listener, attempt, n)
                for n in range(headphones.ROUND_COUNT)
            ]
            for number, (soft, opposite) in enumerate(rounds):
                body = client.get(f"/tones/{number}")[1]
                assert body == headphones.tones(soft, opposite)
            # loudspeakers cancel what is in opposite phase
            answers = [soft if attempt else opposite for soft, opposite in rounds]
            client.post("/headphones", {f"round{n}": str(tone) for n, tone in enumerate(answers)})
            said = client.get()[1].decode()
            assert ("using loudspeakers" in said) == (attempt == 0)
        while token := client.token():
            assert "C0DE-7" not in client.get()[1].decode()
            client.answer(token, **BEST)
        last = client.get()[1].decode()
        assert "C0DE-7" in last
        assert "<p>Bye.</p>" in last


def test_a_tone_is_softer_and_another_cancels_in_the_mean() -> None:
    for soft, opposite in ((0, 1), (2, 0)):
        sound, rate = soundfile.read(io.BytesIO(headphones.tones(soft, opposite)))
        starts = [round(1.5 * n * rate) for n in range(3)]
        parts = [sound[start : start + rate] for start in starts]
        level = [np.sqrt(np.mean(part[:, 0] ** 2)) for part in parts]
        mean = [np.sqrt(np.mean(part.mean(axis=1) ** 2)) for part in parts]
        assert int(np.argmin(level)) == soft
        assert min(level) == pytest.approx(max(level) / 2, rel=0.02)
        assert mean[opposite] < 1e-3


def test_the_tones_of_rounds_differ_and_all_places_come() -> None:
    drawn = {headphones.softest("0" * 16, attempt, n) for attempt in range(9) for n in range(6)}
    assert len(drawn) == 6
    assert all(soft != opposite for soft, opposite in drawn)


def test_a_panels_name_is_one_listener_in_each_browser(folder: Path, tmp_path: Path) -> None:
    design, clips = opened(folder)
    with served(design, clips, tmp_path / "a.sqlite") as address:
        one, other, stranger = Client(address), Client(address), Client(address)
        one.get("/?participant=Ann%20B")
        one.answer(str(one.token()), **BEST)
        other.get("/?PROLIFIC_PID=Ann%20B")
        stranger.get("/?participant=Carl")
        assert one.token() == other.token() != stranger.token()
        assert one.listener == other.listener != stranger.listener
    assert [row.participant for row in read(tmp_path / "a.sqlite")[1]] == ["Ann B"]


def test_how_long_an_answer_took_is_kept(folder: Path, tmp_path: Path) -> None:
    now = [100.0]
    design, clips = opened(folder)
    with served(design, clips, tmp_path / "a.sqlite", clock=lambda: now[0]) as address:
        client = Client(address)
        for waits in (0.5, 60.0):
            token = str(client.token())
            client.get()  # seen again: the first time counts
            now[0] += waits
            client.answer(token, **BEST)
        token = str(client.token())
    with served(design, clips, tmp_path / "a.sqlite") as client.address:
        client.answer(token, **BEST)
    rows = read(tmp_path / "a.sqlite")[1]
    assert [row.seconds for row in rows] == [0.5, 60.0, None]  # the last began before this server
    assert [row.is_hurried for row in rows] == [True, False, False]
    assert all(row.lasts == pytest.approx(4 * 4000 / 16000) for row in rows)


def test_ties_can_be_said_only_where_they_are_asked_for(folder: Path, tmp_path: Path) -> None:
    for ties in (False, True):
        design, clips = opened(folder, ties=ties)
        with served(design, clips, tmp_path / f"{ties}.sqlite") as address:
            client = Client(address)
            assert ("No difference" in client.get()[1].decode()) == ties
            status = client.answer(str(client.token()), **(BEST | {"timbre": "tie"}))[0]
            assert status == (200 if ties else 400)


def test_mushra_rates_everything_blind_the_reference_among_it(folder: Path, tmp_path: Path) -> None:
    design, clips = opened(folder, trials=3, **MUSHRA)
    with served(design, clips, tmp_path / "a.sqlite") as address:
        client = Client(address)
        page, token = client.get()[1].decode(), str(client.token())
        sides = "abcdef"
        assert page.count('type="range" name="similarity.') == len(sides)
        for word in ("net", "resynthesis", "anchor", "copy_"):
            assert word not in page
        trial = plan(design, client.listener)[0]
        assert sorted(trial.clips) == sorted(design.rated())
        heard = {
            name: soundfile.read(io.BytesIO(client.get(f"/sound/{token}/{slot}")[1]))[0]
            for slot, name in {"reference": "reference", **trial.sides}.items()
        }
        assert np.array_equal(heard["reference"], heard["resynthesis"])
        high = {name: above(sound, 1500) for name, sound in heard.items()}
        assert high["anchor_1000_hz"] < -40 + above(
            np.random.default_rng(0).normal(size=4000), 1500
        )
        played = ",".join(["reference", *sides])
        given = {f"similarity.{side}": "50" for side in sides}
        for wrong in ({"similarity.a": "101"}, {"similarity.a": ""}, {"similarity.f": "-1"}):
            assert client.answer(token, played, **(given | wrong))[0] == 400
        assert client.answer(token, "reference,a", **given)[0] == 400
        assert client.answer(token, played, **given)[0] == 200
    (row,) = read(tmp_path / "a.sqlite")[1]
    assert row.choices == {"similarity": dict.fromkeys(sides, 50)}


def above(sound: np.ndarray, hertz: float) -> float:
    """Share of the power above a frequency, in dB."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    return float(10 * np.log10(power[round(hertz / 8000 * len(power)) :].sum() / power.sum()))


def test_anchors_are_as_loud_as_everything(folder: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, 16000)
    soundfile.write(tmp_path / "a.wav", noise, 16000)
    from timbre.listening.clips import heard

    for hertz in (1000, 3500, 9000):
        sound = soundfile.read(io.BytesIO(heard(tmp_path / "a.wav", hertz)))[0]
        assert len(sound) == len(noise)
        assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(LEVEL_DB, abs=0.1)
        if hertz < 8000:
            assert above(sound, 1.5 * hertz) < -25
            assert above(sound, 0.8 * hertz) > -12


QUESTIONS = """
questions:
  - name: warmth
    text: Which is warmer?
    known: style
scale: [cold, cool, warm]
"""


def test_questions_come_from_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(QUESTIONS)
    asked = dict(read_questions(tmp_path / "q.yaml"))
    for method in (Method.ab, Method.rating):
        design, clips = opened(folder, trials=2, method=method, **asked)
        with served(design, clips, tmp_path / f"{method}.sqlite") as address:
            client = Client(address)
            page, token = client.get()[1].decode(), str(client.token())
            assert "Which is warmer?" in page
            assert (">cool<" in page) == (method is Method.rating)
            played = "content,style,a,b" + (",c" if method is Method.rating else "")
            given = (
                {"warmth": "b"}
                if method is Method.ab
                else {f"warmth.{side}": "3" for side in "abc"}
            )
            assert client.answer(token, played, **given)[0] == 200
            spoilt = dict.fromkeys(given, "4")
            assert client.answer(str(client.token()), played, **spoilt)[0] == 400
    assert Design.has_checks.fget(opened(folder, **asked)[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("questions: []", "questions: "),
        ("questions: [{name: A B, text: x}]", r"questions\.0\.name"),
        ("questions: [{name: a, text: x, known: both}]", r"questions\.0\.known"),
        ("questions: [{name: a, text: x}]\nscale: [one]", "scale"),
        ("questions: [", "a file of questions"),
    ],
)
def test_questions_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "q.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"^expected .*{said}.*; please mend it\.$"):
        read_questions(tmp_path / "q.yaml")


def test_more_systems_and_questions_need_more_listeners_and_minutes(folder: Path) -> None:
    design = opened(folder)[0]
    two = design.model_copy(
        update={"systems": {n: design.systems[n] for n in ("alphanet", "betanet")}}
    )
    assert two.listeners() < design.listeners()
    more = design.model_copy(update={"trials": 12})
    assert more.listeners() < design.listeners()
    assert more.minutes(8.0) > design.minutes(8.0) > design.minutes(4.0)
