"""ffmpeg: any name, a sentence where it is missing, its last word where it fails."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre.core import ffmpeg
from timbre.core.errors import InputError

RATE = 8000
SOUND = (0.5 * np.sin(np.arange(RATE) / 5)).astype(np.float32)


@pytest.mark.parametrize("name", ["a.wav", "http:a.wav", "-i.wav", "%d.wav", "ä b.wav"])
def test_what_is_fed_is_decoded_again_whatever_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*ffmpeg.QUIETLY, *ffmpeg.samples(RATE, 1, "pipe:0"), "-c:a", "pcm_f32le"]
    blocks = [each.tobytes() for each in np.array_split(SOUND, 7)]
    assert ffmpeg.feed([*words, f"file:{name}"], blocks, "write") == ""
    assert ffmpeg.to_wav(Path(name), Path("again.wav"), None) == ""
    again, rate = soundfile.read("again.wav", dtype="float32")
    assert rate == RATE
    assert np.array_equal(again, SOUND)


def test_what_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    assert ffmpeg.to_wav(tmp_path / "a.wav", tmp_path / "b.wav", None)
    words = [*ffmpeg.QUIETLY, *ffmpeg.samples(RATE, 1, "pipe:0"), f"file:{tmp_path}/no/a.wav"]
    many = (SOUND.tobytes() for _ in range(100))  # more than a pipe holds
    assert "No such file" in ffmpeg.feed(words, many, "write")


def test_it_is_missed_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="to sing, it is not installed; please install it or hum"):
        ffmpeg.run([], "sing", "hum")
    with pytest.raises(InputError, match=r"to sing, it is not installed; please install it \("):
        ffmpeg.feed([], [], "sing")
