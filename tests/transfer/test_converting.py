"""Sound files read block by block: the same as read at once."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.core.signal import without_rumble
from timbre.transfer import streams

RATE = 8000


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Some blocks of stereo noise."""
    monkeypatch.setattr(streams, "BLOCK_SAMPLES", 5000)
    return np.random.default_rng(0).uniform(-0.5, 0.5, (24_321, 2))


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100])
def test_blocks_are_read_as_the_whole_is(tmp_path: Path, noise: np.ndarray, rate: int) -> None:
    soundfile.write(tmp_path / "a.flac", noise, rate)
    found = streams.read(tmp_path / "a.flac", RATE, tmp_path)
    whole = recordings.read(tmp_path / "a.flac", RATE)
    assert isinstance(found, np.memmap)
    assert found.shape == (len(whole), 1)
    assert found[:, 0] == pytest.approx(whole, abs=1e-4)


def test_two_channels_stay_apart_if_they_shall(tmp_path: Path, noise: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="FLOAT")
    found = streams.read(tmp_path / "a.wav", RATE, tmp_path, stereo=True)
    assert found == pytest.approx(without_rumble(noise, RATE), abs=1e-4)
    soundfile.write(tmp_path / "b.wav", noise[:, 0], RATE, subtype="FLOAT")
    assert streams.read(tmp_path / "b.wav", RATE, tmp_path, stereo=True).shape == (len(noise), 1)
    soundfile.write(tmp_path / "c.wav", np.tile(noise, 3), RATE)
    with pytest.raises(InputError, match=r"one or two channels with --stereo, .* has 6; please"):
        streams.read(tmp_path / "c.wav", RATE, tmp_path, stereo=True)
    assert streams.read(tmp_path / "c.wav", RATE, tmp_path).shape == (len(noise), 1)


@pytest.mark.parametrize("stereo", [False, True])
def test_what_only_ffmpeg_decodes_is_read_in_blocks_too(
    tmp_path: Path, noise: np.ndarray, stereo: bool
) -> None:
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="FLOAT")
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", "flac", "a.mka"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    found = streams.read(tmp_path / "a.mka", RATE, tmp_path, stereo)
    assert isinstance(found, np.memmap)
    wanted = noise if stereo else noise.mean(axis=1, keepdims=True)
    assert found == pytest.approx(without_rumble(wanted, RATE), abs=1e-4)


def test_a_stream_that_states_no_length_is_read_whole(tmp_path: Path, noise: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    command = "ffmpeg -v error -i a.wav -f flac - < /dev/null | cat > a.flac"
    subprocess.run(command, check=True, shell=True, cwd=tmp_path)
    assert len(streams.read(tmp_path / "a.flac", RATE, tmp_path)) == len(noise)


def test_short_and_silent_recordings_are_let_through(tmp_path: Path) -> None:
    for length in (1, 100):
        soundfile.write(tmp_path / "a.wav", np.zeros(length), RATE)
        assert len(streams.read(tmp_path / "a.wav", RATE, tmp_path)) == length


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
        streams.read(tmp_path / "a.wav", RATE, tmp_path)


def test_damage_is_found(tmp_path: Path, noise: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.flac", noise, RATE)
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:40_000])
    with pytest.raises(InputError, match="damaged"):
        streams.read(tmp_path / "a.flac", RATE, tmp_path)
    noise[20_000] = np.nan
    soundfile.write(tmp_path / "a.wav", noise, RATE, subtype="FLOAT")
    with pytest.raises(InputError, match="NaN or infinity"):
        streams.read(tmp_path / "a.wav", RATE, tmp_path)


def test_level_and_peak_are_those_of_the_whole(noise: np.ndarray) -> None:
    mono = noise[:, 0].astype(np.float32)
    rms, peak = streams.level(mono)
    assert rms == pytest.approx(np.sqrt(np.mean(mono.astype(float) ** 2)))
    assert peak == np.abs(mono).max()


@pytest.mark.parametrize("frames", [3, 9_999_999])
def test_an_mp3_that_lies_about_its_length_is_read_whole(tmp_path: Path, frames: int) -> None:
    time = np.arange(4 * RATE) / RATE
    soundfile.write(tmp_path / "a.wav", np.sin(2 * np.pi * 440 * time) / 4, RATE)
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "a.mp3"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    content = bytearray((tmp_path / "a.mp3").read_bytes())
    place = max(content.find(b"Xing"), content.find(b"Info"))
    content[place + 8 : place + 12] = frames.to_bytes(4, "big")  # after its name and its flags
    (tmp_path / "a.mp3").write_bytes(content)
    assert len(streams.read(tmp_path / "a.mp3", RATE, tmp_path)) == pytest.approx(
        4 * RATE, rel=0.05
    )


def test_an_mp3_that_states_no_length_is_read_whole(tmp_path: Path) -> None:
    # from the bit rate of its first frames libsndfile would guess a third of it
    rng = np.random.default_rng(0)
    whole = np.concatenate([rng.normal(0, 0.1, 3 * RATE), np.zeros(3 * RATE)])
    soundfile.write(tmp_path / "a.wav", whole, RATE)
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "-q:a", "2", "-write_xing", "0", "a.mp3"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    assert soundfile.info(tmp_path / "a.mp3").duration < 5
    assert len(streams.read(tmp_path / "a.mp3", RATE, tmp_path)) == pytest.approx(
        6 * RATE, rel=0.05
    )


def test_what_was_converted_is_refused_by_its_own_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones((RATE, 6)), RATE, subtype="FLOAT")
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", "pcm_f32le", "a.mka"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"with --stereo, .*a\.mka has 6; please"):
        streams.read(tmp_path / "a.mka", RATE, tmp_path / "folder", stereo=True)
