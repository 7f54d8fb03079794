"""Transfer of recordings: as long and as loud as what came, by the style that is given."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests import shipped, tiny
from tests.transferring import GLOW, RATE, loud, loudest, peak, samples, tool
from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.core.signal import at_level
from timbre.transfer import loudness, streams
from timbre.transfer.settings import TransferSettings
from timbre.transfer.styles import PART_SECONDS

LONG = 4080 * tiny.AUDIO.hop_length / RATE  # s: some windows of the model and of the vocoder


@pytest.mark.parametrize("length", [1, 100, 2048, RATE + 1, round(LONG * RATE)])
def test_the_output_is_as_long_and_as_loud_as_the_content(
    clips: tuple[Path, Path], tmp_path: Path, length: int
) -> None:
    content = shipped.recording(tmp_path / "a.wav", length / RATE, level=0.03)
    if length == 1:  # the first sample of a sine is 0
        soundfile.write(content, [0.1], RATE, subtype="FLOAT")
    tool(GLOW).file(content, clips[1], tmp_path / "out.flac")
    found = samples(tmp_path / "out.flac")
    assert len(found) == length
    assert np.isfinite(found).all()
    if length > 1:
        one, other = (loud(path) for path in (content, tmp_path / "out.flac"))
        if one.lufs is None:  # so short that only the root mean square tells
            assert other.rms == pytest.approx(one.rms, rel=0.01)
        else:
            assert other.lufs == pytest.approx(one.lufs, abs=0.2)


def test_a_loud_recording_does_not_clip(clips: tuple[Path, Path], tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(2 * RATE) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", square, RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav")
    assert np.abs(samples(tmp_path / "out.wav")).max() <= loudness.MAX_TRUE_PEAK + 1e-3
    assert peak(tmp_path / "out.wav") == pytest.approx(loudness.MAX_TRUE_PEAK, rel=0.02)


def test_silence_stays_silence(clips: tuple[Path, Path], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), RATE)
    for strength in (0.5, 1.0):
        tool(GLOW).file(
            tmp_path / "a.wav", clips[1], tmp_path / "out.wav", TransferSettings(strength=strength)
        )
        assert np.array_equal(samples(tmp_path / "out.wav"), np.zeros(5000, np.float32))


def test_equal_seeds_are_equal_files_and_others_differ(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("one.wav", "same.wav", "other.wav")]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        tool(GLOW).file(*clips, out, TransferSettings(seed=seed))
    one, same, other = (out.read_bytes() for out in outs)
    assert one == same != other


def test_the_level_of_either_recording_does_not_matter(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    tool(GLOW).file(*clips, tmp_path / "one.wav")
    for path in clips:
        soundfile.write(path, samples(path) / 4, RATE, subtype="FLOAT")
    tool(GLOW).file(*clips, tmp_path / "other.wav")
    one, other = (samples(tmp_path / f"{name}.wav") for name in ("one", "other"))
    # R128 is measured to a tenth of a decibel, so to 1.2 %
    assert np.abs(other - one / 4).max() <= 0.013 * np.abs(one).max() / 4 + 1e-3


def test_a_long_style_counts_as_the_mean_of_its_parts(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    one, other = (
        samples(shipped.recording(tmp_path / f"{seed}.wav", PART_SECONDS, seed)) for seed in (5, 6)
    )
    soundfile.write(tmp_path / "both.wav", [*one, *other], RATE, subtype="FLOAT")
    tool(GLOW).file(clips[0], tmp_path / "both.wav", tmp_path / "found.flac")
    tool(GLOW).file(
        clips[0],
        tmp_path / "5.wav",
        tmp_path / "wanted.flac",
        TransferSettings(mix=0.5),
        tmp_path / "6.wav",
    )
    tool(GLOW).file(clips[0], tmp_path / "5.wav", tmp_path / "alone.flac")
    found, wanted, alone = (
        samples(tmp_path / f"{name}.flac") for name in ("found", "wanted", "alone")
    )
    away = streams.level(alone - wanted).rms
    assert streams.level(found - wanted).rms < 0.1 * away


def test_the_loudest_part_of_a_style_is_shown(tmp_path: Path) -> None:
    quiet, strong = (
        samples(shipped.recording(tmp_path / "a.wav", PART_SECONDS, seed, level))
        for seed, level in ((0, 0.001), (1, 0.1))
    )
    soundfile.write(tmp_path / "b.wav", [*quiet, *strong, *quiet], RATE, subtype="FLOAT")
    found = loudest(tmp_path / "b.wav")
    expected = at_level(strong.astype(np.float64), tiny.AUDIO.level_db)
    assert found == pytest.approx(expected, abs=3e-3)


def test_a_style_is_heard_once(clips: tuple[Path, Path], tmp_path: Path) -> None:
    one = tool(GLOW)
    heard = []
    computing = one._styles._engine
    usual = computing.styles
    computing.styles = lambda given: heard.append(len(given)) or usual(given)  # type: ignore[method-assign]
    for name in ("first", "second"):
        one.file(*clips, tmp_path / f"{name}.wav")
    assert heard == [1]
    tool(GLOW).file(*clips, tmp_path / "fresh.wav")
    first, second, fresh = (
        (tmp_path / f"{name}.wav").read_bytes() for name in ("first", "second", "fresh")
    )
    assert first == second == fresh
    shipped.recording(clips[1], 1.0, seed=9)  # the same name, another sound
    one.file(*clips, tmp_path / "second.wav")
    assert (tmp_path / "second.wav").read_bytes() != first
    assert heard == [1, 1]


def test_nothing_is_written_when_something_is_wrong(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    content, style = clips
    before = sorted(path.name for path in tmp_path.iterdir())
    kept = content.read_bytes()
    for out in (content, style, tmp_path / "out.xyz", content / "out.wav"):
        with pytest.raises(InputError, match=r"^expected .*please"):
            tool(GLOW).file(content, style, out)
    with pytest.raises(InputError, match="no file"):
        tool(GLOW).file(content, tmp_path / "none.wav", tmp_path / "out.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert content.read_bytes() == kept


def test_recordings_that_only_ffmpeg_reads_are_contents_too(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(clips[0]), str(tmp_path / "a.mka")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    tool(GLOW).file(tmp_path / "a.mka", clips[1], tmp_path / "out.wav")
    length = len(recordings.read(tmp_path / "a.mka", RATE))
    assert len(samples(tmp_path / "out.wav")) == length


def test_a_silent_style_is_refused() -> None:
    with pytest.raises(InputError, match=r"the style is silent"):
        tool(GLOW)(np.ones(RATE), np.zeros(RATE), RATE)


def test_two_styles_make_another_sound_than_either(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    other = shipped.recording(tmp_path / "other.wav", 1.5, seed=7)
    made = []
    for mix in (0.0, 0.5, 1.0):
        tool(GLOW).file(*clips, tmp_path / "out.flac", TransferSettings(mix=mix), other)
        made.append(samples(tmp_path / "out.flac"))
    for style, end in ((clips[1], made[0]), (other, made[2])):
        tool(GLOW).file(clips[0], style, tmp_path / "out.flac")
        assert end == pytest.approx(samples(tmp_path / "out.flac"), abs=2e-3)
    assert all(np.abs(made[1] - end).max() > 5e-3 for end in (made[0], made[2]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"strength": 1.5},
        {"strength": float("nan")},
        {"mix": -0.1},
        {"temperature": -1.0},
        {"temperature": float("inf")},
        {"seed": -1},
        {"seed": 1 << 64},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(InputError, match=rf"^expected a {name} .*please"):
        TransferSettings(**wrong)
