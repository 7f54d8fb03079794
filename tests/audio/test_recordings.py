"""Recordings: every format becomes the same sound, every bad file is refused in a sentence."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.transfer import streams

RATE = 16_000
HERTZ = 440.0


def tone(rate: int, seconds: float = 1.0, hertz: float = HERTZ) -> NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return 0.5 * np.sin(2 * np.pi * hertz * time)


def convert(path: Path, name: str, *options: str) -> Path:
    """The recording in another format, by ffmpeg."""
    other = path.with_name(name)
    command = ["ffmpeg", "-v", "error", "-i", path, *options, other]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return other


def streamed(path: Path) -> Path:
    """The recording as a FLAC file that was written to a pipe: it does not state its length."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "flac", "-"]
    other = path.with_name("streamed.flac")
    other.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return other


def strongest(signal: NDArray[np.floating]) -> float:
    """The frequency, in Hz, of the strongest partial."""
    return float(np.abs(np.fft.rfft(signal)).argmax() * RATE / len(signal))


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_every_rate_becomes_the_same_tone(tmp_path: Path, rate: int, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(rate), rate)
    signal = recordings.read(path, RATE)
    assert signal.dtype == np.float32
    assert signal.shape == (RATE,)
    middle = slice(1000, -1000)  # away from the ends, where a resampler rings
    assert np.abs(signal - tone(RATE))[middle].max() < 0.01


def test_stereo_is_the_mean_of_its_channels(tmp_path: Path) -> None:
    left, right = tone(RATE), tone(RATE, hertz=1000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), RATE, subtype="FLOAT")
    found = recordings.read(tmp_path / "a.wav", RATE)
    middle = slice(RATE // 10, -RATE // 10)  # at the ends an offset cannot be told from a tone
    assert found[middle] == pytest.approx(((left + right) / 2)[middle], abs=1e-4)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.ogg", "a.mka"])
def test_lossy_formats_keep_the_tone(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([tone(44_100)] * 2, axis=1), 44_100)
    signal = recordings.read(convert(tmp_path / "a.wav", name), RATE)
    assert len(signal) / RATE == pytest.approx(1, abs=0.1)  # an encoder's delay
    assert strongest(signal) == pytest.approx(HERTZ, abs=2)
    assert np.sqrt(np.mean(signal**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_a_flac_file_without_its_length_is_read_to_its_last_sample(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(44_100), 44_100)
    path = streamed(tmp_path / "a.wav")
    assert soundfile.info(path).frames > 2**62  # what makes it special
    whole = recordings.read(tmp_path / "a.wav", RATE)
    assert np.array_equal(recordings.read(path, RATE), whole)


def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(44_100, 2.0), 44_100)
    for path in (tmp_path / "a.wav", streamed(tmp_path / "a.wav")):
        assert recordings.read(path, RATE, 0.5).shape == (RATE // 2,)


def refused(path: Path) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(InputError) as caught:
        recordings.read(path, RATE)
    message = str(caught.value)
    assert str(path) in message
    assert message.startswith("expected ")
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "none.wav")
    assert "no file" in refused(tmp_path)


def test_samples_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    for value in (np.nan, np.inf):
        signal = tone(RATE)
        signal[100] = value
        soundfile.write(tmp_path / "a.wav", signal, RATE, subtype="FLOAT")
        assert "NaN or infinity" in refused(tmp_path / "a.wav")


def test_a_quarter_of_a_second_is_long_enough_and_less_is_not(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(RATE)[: RATE // 4], RATE)
    assert len(recordings.read(tmp_path / "a.wav", RATE)) == RATE // 4
    soundfile.write(tmp_path / "a.wav", tone(RATE)[: RATE // 4 - 1], RATE)
    assert "lasts" in refused(tmp_path / "a.wav")
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    assert "lasts 0.000 s" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("level", [0.0, 0.3])  # a constant is silence too
def test_silence_is_refused(tmp_path: Path, level: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, level), RATE)
    assert "silent" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("channels", [(1, -1), (1, -1, 0), (0.2, -0.2), (-1, 1, -1, 1)])
def test_opposite_channels_do_not_vanish(tmp_path: Path, channels: tuple[float, ...]) -> None:
    clip = np.stack([factor * tone(RATE) for factor in channels], axis=1)
    soundfile.write(tmp_path / "a.wav", clip, RATE, subtype="FLOAT")
    found = recordings.read(tmp_path / "a.wav", RATE)
    loudest = max(map(abs, channels)) * np.sqrt(np.mean(tone(RATE) ** 2))
    assert np.sqrt(np.mean(found**2)) == pytest.approx(loudest, rel=0.02)


def test_opposite_channels_with_an_offset_do_not_vanish_either(tmp_path: Path) -> None:
    sound = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    soundfile.write(tmp_path / "a.wav", np.stack([sound, -sound], axis=1) + 0.1875, 8000)
    found = recordings.read(tmp_path / "a.wav", 8000)
    assert np.std(found) == pytest.approx(np.std(sound), rel=0.01)
    content = np.array(streams.read(tmp_path / "a.wav", 8000, tmp_path)[:, 0])
    assert np.abs(content) == pytest.approx(np.abs(found), abs=1e-3)


def test_an_offset_and_a_rumble_are_not_heard(tmp_path: Path) -> None:
    time = np.arange(2 * RATE) / RATE
    clean = 0.2 * np.sin(2 * np.pi * 440 * time)
    heard = []
    for number, below in enumerate((0, 0.1, 0.3 * np.sin(2 * np.pi * 3 * time))):
        soundfile.write(tmp_path / f"{number}.wav", clean + below, RATE, subtype="FLOAT")
        heard.append(recordings.read(tmp_path / f"{number}.wav", RATE)[RATE // 2 : -RATE // 2])
    assert heard[1] == pytest.approx(heard[0], abs=1e-4)
    assert np.sqrt(np.mean((heard[2] - heard[0]) ** 2)) < 0.02


def test_chained_streams_and_headers_that_tell_too_little_are_read_whole(tmp_path: Path) -> None:
    clip = 0.2 * tone(2 * RATE)
    soundfile.write(tmp_path / "one.ogg", clip, RATE)
    (tmp_path / "two.ogg").write_bytes(2 * (tmp_path / "one.ogg").read_bytes())
    assert len(recordings.read(tmp_path / "two.ogg", RATE)) == pytest.approx(4 * RATE, rel=0.02)
    soundfile.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, 2 * RATE), RATE)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    stated = int.from_bytes(data[18:26], "big") >> 36 << 36 | 1000  # samples, of 32,000
    data[18:26] = stated.to_bytes(8, "big")
    (tmp_path / "a.flac").write_bytes(data)
    assert len(recordings.read(tmp_path / "a.flac", RATE)) == 2 * RATE
    soundfile.write(tmp_path / "a.wav", clip, RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = bytes(4)  # a recorder that died writes no sizes
    (tmp_path / "a.wav").write_bytes(data)
    assert len(recordings.read(tmp_path / "a.wav", RATE)) == 2 * RATE


@pytest.mark.parametrize("rate", [8000, RATE, 44_100])
def test_a_whole_ogg_file_has_each_sample_that_was_put_in(tmp_path: Path, rate: int) -> None:
    clip = 0.2 * tone(rate, 2.0)
    soundfile.write(tmp_path / "a.ogg", clip, rate)
    assert not recordings.is_doubtful(tmp_path / "a.ogg")
    (tmp_path / "folder").mkdir()
    found = streams.read(tmp_path / "a.ogg", rate, tmp_path / "folder")[:, 0]
    assert len(found) == len(clip)
    assert found[rate // 2 : rate] == pytest.approx(clip[rate // 2 : rate], abs=0.02)


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_an_ogg_file_that_breaks_off_is_refused(tmp_path: Path, kept: float) -> None:
    soundfile.write(tmp_path / "a.ogg", 0.2 * tone(RATE, 4.0), RATE)
    data = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "a.ogg").write_bytes(data[: int(kept * len(data))])
    assert "damaged" in refused(tmp_path / "a.ogg")


def test_flac_files_that_were_put_into_one_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", 0.2 * tone(RATE), RATE)
    (tmp_path / "a.flac").write_bytes(2 * (tmp_path / "a.flac").read_bytes())
    assert "several FLAC files" in refused(tmp_path / "a.flac")


def test_a_flac_file_with_other_bytes_in_its_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 2 * RATE), RATE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(range(200))
    path.write_bytes(data)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("rate", [1, 999])
def test_a_rate_that_holds_no_note_is_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", 0.2 * tone(RATE, 0.5), rate)
    assert f"states {rate}" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", ["txt", "wav", "flac", "raw"])
@pytest.mark.parametrize("content", [b"", b"This is no sound.\n" * 100, bytes(range(256)) * 40])
def test_what_is_no_audio_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    assert "damaged or no audio" in refused(path)


def test_a_flac_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * RATE)
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    for path in (convert(tmp_path / "a.wav", "a.flac"), streamed(tmp_path / "a.wav")):
        path.write_bytes(path.read_bytes()[:20_000])
        assert "damaged" in refused(path)


def test_without_ffmpeg_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"no sound")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install it" in refused(tmp_path / "a.m4a")
