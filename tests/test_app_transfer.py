"""Transfer of recordings: of any length, in windows that nobody hears, as loud as what came."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from app import sound
from app.transfer import Transfer, window_mel
from audio import recordings
from audio.errors import InputError
from audio.mel import mel_spectrogram
from audio.synthesis import at_level
from models.trained import decode, mel
from tests import shipped, tiny

RATE, HOP = tiny.AUDIO.sample_rate, tiny.AUDIO.hop_length
VOCODER = shipped.build("vocoder")
GLOW = shipped.build("glow")
LONG = 2032 * HOP / RATE  # s: some windows of the model and of the vocoder


class Local(nn.Module):
    """A model whose output at a frame depends on a few frames around it, and on the style."""

    def transfer(self, content: Tensor, style: Tensor) -> Tensor:
        """Smooth over three frames, shift by the style's mean."""
        smooth = nn.functional.avg_pool1d(
            nn.functional.pad(content, (1, 1), mode="replicate"), 3, stride=1
        )
        return smooth + 0.1 * (style.mean() + 60)


def tool(model: nn.Module) -> Transfer:
    return Transfer(model, VOCODER, tiny.AUDIO, "cpu")


def samples(path: Path) -> np.ndarray:
    found: np.ndarray = soundfile.read(path, dtype="float32")[0]
    return found


def at_once(model: nn.Module, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
    """The same without windows, as models are evaluated."""
    torch.manual_seed(seed)
    leveled = at_level(content.astype(np.float64), tiny.AUDIO.level_db).astype(np.float32)
    mels = [torch.from_numpy(mel(clip, tiny.AUDIO))[None] for clip in (leveled, style)]
    with torch.inference_mode():
        return decode(VOCODER, model.transfer(*mels), len(content))  # type: ignore[operator]


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A short content and a style."""
    return (
        shipped.recording(tmp_path / "content.wav", 2.048),
        shipped.recording(tmp_path / "style.wav", 1.0, seed=1),
    )


@pytest.mark.parametrize("extra", [0, 5, HOP - 1, 3 * HOP])
def test_windows_of_a_mel_are_those_of_the_whole(tmp_path: Path, extra: int) -> None:
    content = np.append(
        samples(shipped.recording(tmp_path / "a.wav", 8.192)), np.zeros(extra, np.float32)
    )
    whole = mel_spectrogram(0.5 * content, tiny.AUDIO)
    frames = whole.shape[1]
    for start, stop in ((0, 64), (64, 576), (frames // 8 * 8 - 64, -(-frames // 8) * 8)):
        found = window_mel(content, 0.5, start, stop, tiny.AUDIO)
        assert found.shape == (tiny.AUDIO.n_mels, stop - start)
        inside = min(stop, frames) - start
        assert found[:, :inside] == pytest.approx(whole[:, start : start + inside], abs=1e-3)


def test_a_long_recording_has_no_seams(tmp_path: Path) -> None:
    content = samples(shipped.recording(tmp_path / "a.wav", LONG))
    style = samples(shipped.recording(tmp_path / "b.wav", 1.0, seed=1))
    found = tool(Local()).signal(content, style, 0, tmp_path)
    whole = at_once(Local(), content, style, 0)
    # where notes begin, Griffin-Lim makes much of the last bit of a mel; one seam would be 5 %
    assert sound.rms_and_peak(found - whole)[0] < 0.005 * sound.rms_and_peak(whole)[0]


@pytest.mark.parametrize("name", ["glow", "vqvae"])
def test_a_short_recording_is_transferred_as_models_are_evaluated(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    model = shipped.build(name)
    content, style = samples(clips[0]), tool(model).style(clips[1])
    found = tool(model).signal(content, style, 3, tmp_path)
    assert found == pytest.approx(at_once(model, content, style, 3), abs=1e-4)


@pytest.mark.parametrize("length", [1, 100, 2048, RATE + 1, round(LONG * RATE)])
def test_the_output_is_as_long_and_as_loud_as_the_content(
    clips: tuple[Path, Path], tmp_path: Path, length: int
) -> None:
    content = shipped.recording(tmp_path / "a.wav", length / RATE, level=0.03)
    if length == 1:  # the first sample of a sine is 0
        soundfile.write(content, [0.1], RATE, subtype="FLOAT")
    tool(GLOW).file(content, clips[1], tmp_path / "out.flac", 0)
    found = samples(tmp_path / "out.flac")
    assert len(found) == length
    assert np.isfinite(found).all()
    if length > 1:
        level, _ = sound.rms_and_peak(found)
        assert level == pytest.approx(sound.rms_and_peak(samples(content))[0], rel=0.01)


def test_a_loud_recording_does_not_clip(clips: tuple[Path, Path], tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(2 * RATE) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", square, RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav", 0)
    assert np.abs(samples(tmp_path / "out.wav")).max() == pytest.approx(0.99, abs=1e-3)


def test_silence_stays_silence(clips: tuple[Path, Path], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav", 0)
    assert np.array_equal(samples(tmp_path / "out.wav"), np.zeros(5000, np.float32))


def test_equal_seeds_are_equal_files_and_others_differ(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("one.wav", "same.wav", "other.wav")]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        tool(GLOW).file(*clips, out, seed)
    one, same, other = (out.read_bytes() for out in outs)
    assert one == same != other


def test_the_level_of_either_recording_does_not_matter(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    tool(GLOW).file(*clips, tmp_path / "one.wav", 0)
    for path in clips:
        soundfile.write(path, samples(path) / 4, RATE, subtype="FLOAT")
    tool(GLOW).file(*clips, tmp_path / "other.wav", 0)
    one, other = (samples(tmp_path / f"{name}.wav") for name in ("one", "other"))
    assert other == pytest.approx(one / 4, abs=1e-3)


def test_of_a_long_style_the_loudest_part_is_heard(tmp_path: Path) -> None:
    quiet, loud = (
        samples(shipped.recording(tmp_path / "a.wav", seconds, seed, level))
        for seconds, seed, level in ((6.0, 0, 0.001), (16.0, 1, 0.1))
    )
    soundfile.write(tmp_path / "b.wav", [*quiet, *loud, *quiet], RATE, subtype="FLOAT")
    found = tool(GLOW).style(tmp_path / "b.wav")
    expected = at_level(loud.astype(np.float64), tiny.AUDIO.level_db)
    assert found == pytest.approx(expected, abs=1e-3)


def test_half_a_second_of_style_is_enough_and_less_is_not(tmp_path: Path) -> None:
    assert len(tool(GLOW).style(shipped.recording(tmp_path / "a.wav", 0.5))) == RATE // 2
    with pytest.raises(InputError, match=r"style of 0.5 s or more.*please"):
        tool(GLOW).style(shipped.recording(tmp_path / "a.wav", 0.49))


def test_nothing_is_written_when_something_is_wrong(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    content, style = clips
    before = sorted(path.name for path in tmp_path.iterdir())
    kept = content.read_bytes()
    for out in (content, style, tmp_path / "out.mp3", content / "out.wav"):
        with pytest.raises(InputError, match=r"^expected .*please"):
            tool(GLOW).file(content, style, out, 0)
    with pytest.raises(InputError, match="no file"):
        tool(GLOW).file(content, tmp_path / "none.wav", tmp_path / "out.wav", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert content.read_bytes() == kept


def test_recordings_that_only_ffmpeg_reads_are_contents_too(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(clips[0]), str(tmp_path / "a.mka")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    tool(GLOW).file(tmp_path / "a.mka", clips[1], tmp_path / "out.wav", 0)
    length = len(recordings.read(tmp_path / "a.mka", RATE))
    assert len(samples(tmp_path / "out.wav")) == length
