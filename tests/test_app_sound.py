"""Sound files block by block: the same as read at once, and written whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app import sound
from audio import recordings
from audio.errors import InputError

RATE = 8000


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Some blocks of stereo noise."""
    monkeypatch.setattr(sound, "BLOCK", 5000)
    return np.random.default_rng(0).uniform(-0.5, 0.5, (24_321, 2))


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100])
def test_blocks_are_read_as_the_whole_is(tmp_path: Path, noise: np.ndarray, rate: int) -> None:
    soundfile.write(tmp_path / "a.flac", noise, rate)
    found = sound.read(tmp_path / "a.flac", RATE, tmp_path)
    whole = recordings.read(tmp_path / "a.flac", RATE)
    assert isinstance(found, np.memmap)
    assert len(found) == len(whole)
    assert found == pytest.approx(whole, abs=1e-4)


def test_short_and_silent_recordings_are_let_through(tmp_path: Path) -> None:
    for length in (1, 100):
        soundfile.write(tmp_path / "a.wav", np.zeros(length), RATE)
        assert len(sound.read(tmp_path / "a.wav", RATE, tmp_path)) == length


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no file"), (b"", "no audio"), (b"no sound" * 99, "no audio")],
)
def test_what_is_no_recording_is_refused(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        sound.read(tmp_path / "a.wav", RATE, tmp_path)


def test_damage_is_found(tmp_path: Path, noise: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.flac", noise, RATE)
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:40_000])
    with pytest.raises(InputError, match="damaged"):
        sound.read(tmp_path / "a.flac", RATE, tmp_path)
    noise[20_000] = np.nan
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="FLOAT")
    with pytest.raises(InputError, match="NaN or infinity"):
        sound.read(tmp_path / "a.wav", RATE, tmp_path)


def test_level_and_peak_are_those_of_the_whole(noise: np.ndarray) -> None:
    mono = noise[:, 0].astype(np.float32)
    rms, peak = sound.rms_and_peak(mono)
    assert rms == pytest.approx(np.sqrt(np.mean(mono.astype(float) ** 2)))
    assert peak == np.abs(mono).max()


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "A.WAV"])
def test_what_is_written_is_read_again(tmp_path: Path, noise: np.ndarray, name: str) -> None:
    mono = noise[:, 0].astype(np.float32)
    sound.write(sound.checked(tmp_path / "new" / name), mono, 0.5, RATE)
    found, rate = soundfile.read(tmp_path / "new" / name)
    assert (rate, found.shape) == (RATE, mono.shape)
    tolerance = 0.1 if name.endswith("ogg") else 1e-4  # Vorbis drops what is not heard
    assert np.sqrt(np.mean((found - 0.5 * mono) ** 2)) < tolerance
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.mp3", "a", "folder.wav"])
def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(InputError, match=r"^expected .*please give .*\.$"):
        sound.checked(tmp_path / name)
