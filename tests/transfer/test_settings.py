"""What is written: channels, rates, levels and formats."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from tests import shipped
from tests.transferring import GLOW, RATE, peak, samples, tool
from timbre.audio import recordings
from timbre.transfer import loudness, midi_content, streams, writing
from timbre.transfer.settings import OutputFormat


def stereo(path: Path, *channels: np.ndarray) -> Path:
    soundfile.write(path, np.stack(channels, axis=1), RATE, subtype="FLOAT")
    return path


def test_two_channels_are_transferred_each(clips: tuple[Path, Path], tmp_path: Path) -> None:
    left = samples(clips[0])
    right = samples(shipped.recording(tmp_path / "right.wav", 2.048, seed=4, level=0.02))
    both, form = OutputFormat(stereo=True), OutputFormat()
    made = {}
    for name, channels in (("one", (left, right)), ("swapped", (right, left))):
        content = stereo(tmp_path / f"{name}.wav", *channels)
        result = tool(GLOW).file(content, clips[1], tmp_path / "out.wav", output_format=both)
        assert result.channels == 2
        made[name] = samples(tmp_path / "out.wav")
    assert made["swapped"] == pytest.approx(made["one"][:, ::-1], abs=1e-3)
    # beside each other they are as loud as they were
    levels = [streams.level(channel).rms for channel in (left, right, *made["one"].T)]
    assert levels[2] / levels[3] == pytest.approx(levels[0] / levels[1], rel=0.01)
    # and each is what it is alone
    tool(GLOW).file(clips[0], clips[1], tmp_path / "alone.wav", output_format=form)
    alone, channel = samples(tmp_path / "alone.wav"), made["one"][:, 0]
    scale = np.dot(alone, channel) / np.dot(alone, alone)
    assert channel == pytest.approx(scale * alone, abs=1e-3)


def test_equal_channels_stay_equal_and_a_silent_one_silent(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    left = samples(clips[0])
    for right in (left, np.zeros_like(left)):
        content = stereo(tmp_path / "a.wav", left, right)
        tool(GLOW).file(
            content, clips[1], tmp_path / "out.wav", output_format=OutputFormat(stereo=True)
        )
        found = samples(tmp_path / "out.wav")
        assert found[:, 1] == pytest.approx(found[:, 0] if right.any() else right, abs=1e-4)
        assert np.abs(found[:, 0]).max() > 0.01


def test_a_file_at_another_rate_sounds_the_same(clips: tuple[Path, Path], tmp_path: Path) -> None:
    made = tool(GLOW).file(
        *clips, tmp_path / "out.flac", output_format=OutputFormat(sample_rate=3 * RATE)
    )
    assert (made.sample_rate, made.seconds) == (3 * RATE, 2.048)
    tool(GLOW).file(*clips, tmp_path / "usual.flac")
    found = recordings.read(tmp_path / "out.flac", RATE)
    usual = samples(tmp_path / "usual.flac")
    # the resampler rounds off what lies next to half the rate
    assert streams.level(found - usual).rms < 0.05 * streams.level(usual).rms


def test_normalized_is_as_loud_as_goes(clips: tuple[Path, Path], tmp_path: Path) -> None:
    made = tool(GLOW).file(*clips, tmp_path / "out.wav", output_format=OutputFormat(normalize=True))
    assert peak(tmp_path / "out.wav") == pytest.approx(loudness.MAX_TRUE_PEAK, rel=0.02)
    assert made.gain_db > 0


def test_a_midi_file_is_a_content(clips: tuple[Path, Path], tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(program=0))
    midi.instruments[0].notes.append(pretty_midi.Note(90, 60, 0.0, 1.0))
    midi.write(str(tmp_path / "a.mid"))
    made = tool(GLOW).file(tmp_path / "a.mid", clips[1], tmp_path / "out.wav")
    assert made.seconds == pytest.approx(1 + midi_content.RELEASE_SECONDS, abs=0.01)
    assert np.abs(samples(tmp_path / "out.wav")).max() > 0.01


@pytest.mark.parametrize("name", sorted([*writing.FORMATS, *writing.FFMPEG_FORMATS]))
def test_every_format_is_written_and_read_again(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    tool(GLOW).file(*clips, tmp_path / f"out{name}", output_format=OutputFormat(sample_rate=16_000))
    found = recordings.read(tmp_path / f"out{name}", RATE)
    assert len(found) == pytest.approx(2.048 * RATE, abs=0.1 * RATE)
    assert np.sqrt(np.mean(found**2)) > 0.005
