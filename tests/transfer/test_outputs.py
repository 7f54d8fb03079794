"""Sound files that are written: whole or not at all, in any format and at any rate."""

import os
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
    monkeypatch.setattr(streams, "BLOCK_SAMPLES", 5000)
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


@pytest.mark.parametrize("seed", range(12))
def test_any_length_rate_and_number_of_channels_come_back(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = ("a.wav", "a.flac", "a.aiff", "a.ogg")[seed % 4]
    made_at, rate = (int(rng.integers(8000, 96_001)) for _ in range(2))
    length, channels = int(rng.integers(made_at // 2, 2 * made_at)), int(rng.integers(1, 3))
    time = np.arange(length) / made_at
    sound = 0.3 * np.sin(2 * np.pi * rng.uniform(200, 2000, channels) * time[:, None])
    path = tmp_path / name
    try:
        writing.checked(path, rate)
    except InputError:
        rate = rate // 10 * 10  # a FLAC file of a high rate
    writing.write(writing.checked(path, rate), sound.astype(np.float32), 1.0, made_at, rate)
    found = streams.read(path, made_at, tmp_path, stereo=True)
    assert found.shape == (pytest.approx(length, abs=made_at / 100), channels)
    levels = [np.sqrt(np.mean(each**2, axis=0)) for each in (found, sound)]
    assert levels[0] == pytest.approx(levels[1], rel=0.05)


def test_hours_at_high_rates_do_not_take_the_process_along(tmp_path: Path) -> None:
    sound = np.zeros((60 * RATE, 1), np.float32)
    writing.write(tmp_path / "a.ogg", sound, 1.0, RATE, 192_000)
    assert soundfile.info(tmp_path / "a.ogg").duration == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a"])
def test_names_may_be_of_any_bytes(tmp_path: Path, tones: np.ndarray, suffix: str) -> None:
    path = tmp_path / (os.fsdecode(b"caf\xe9") + suffix)
    writing.write(path, tones, 0.5, RATE, 16_000)
    assert list(tmp_path.iterdir()) == [path]
    assert len(streams.read(path, RATE, tmp_path / "..")) == pytest.approx(len(tones), rel=0.05)


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
