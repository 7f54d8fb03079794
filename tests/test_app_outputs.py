"""Sound files that are written: whole or not at all, in any format and at any rate."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.transfer import streams, writing

RATE = 8000


@pytest.fixture
def tones(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Some blocks of two tones, one a channel."""
    monkeypatch.setattr(streams, "BLOCK", 5000)
    time = np.arange(24_321) / RATE
    found = np.stack([np.sin(2 * np.pi * hertz * time) for hertz in (440, 660)], axis=1) / 2
    return found.astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11_025, 48_000])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "A.AIFF"])
def test_what_is_written_is_read_again(
    tmp_path: Path, tones: np.ndarray, name: str, rate: int, channels: int
) -> None:
    path = tmp_path / "new" / name
    writing.write(writing.checked(path, rate), tones[:, :channels], 0.5, RATE, rate)
    found, its_rate = soundfile.read(path, always_2d=True)
    assert (its_rate, found.shape) == (rate, (round(len(tones) * rate / RATE), channels))
    time = np.arange(len(found)) / rate
    wanted = np.sin(2 * np.pi * 440 * time) / 4
    inside = slice(rate // 10, -rate // 10)  # away from where resampling begins and ends
    assert found[inside, 0] == pytest.approx(wanted[inside], abs=1e-3)
    assert [each.name for each in (tmp_path / "new").iterdir()] == [name]


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("name", ["a.ogg", "a.mp3", "a.m4a"])
def test_formats_that_lose_something_keep_the_sound(
    tmp_path: Path, tones: np.ndarray, name: str, rate: int
) -> None:
    writing.write(writing.checked(tmp_path / name, rate), tones[:, :1], 0.5, RATE, rate)
    found = recordings.read(tmp_path / name, RATE)
    assert len(found) == pytest.approx(len(tones), rel=0.05)  # encoders pad
    spectrum = np.abs(np.fft.rfft(found[:RATE]))
    assert spectrum.argmax() == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(found**2)) == pytest.approx(0.25 / 2**0.5, rel=0.05)
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.aac", "a", "folder.wav"])
def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(InputError, match=r"^expected .*please give .*\.$"):
        writing.checked(tmp_path / name, RATE)


@pytest.mark.parametrize(
    ("name", "rate"), [("a.wav", 7999), ("a.wav", 192_001), ("a.mp3", 96_000), ("a.m4a", 16_001)]
)
def test_a_rate_that_a_format_does_not_know_is_refused(name: str, rate: int) -> None:
    with pytest.raises(InputError, match=r"^expected a sample rate .*please give one"):
        writing.checked(Path(name), rate)


@pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
def test_nothing_is_left_of_a_file_that_could_not_be_finished(
    tmp_path: Path, tones: np.ndarray, name: str
) -> None:
    (tmp_path / name).write_bytes(b"old")

    class BrokenError(Exception):
        """What interrupts it."""

    def broken(sound: np.ndarray) -> object:
        yield sound[:5000].astype(float)
        raise BrokenError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "blocks", broken)
        with pytest.raises(BrokenError):
            writing.write(tmp_path / name, tones, 1.0, RATE, RATE)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(name, b"old")]
