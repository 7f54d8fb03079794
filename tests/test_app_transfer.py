"""Transfer of recordings: of any length, in windows that nobody hears, as loud as what came."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from app import sound
from app.transfer import How, Model, Transfer
from app.windows import window_mel
from audio import recordings
from audio.errors import InputError
from audio.mel import mel_spectrogram
from audio.synthesis import at_level
from models.encoders import Style
from models.trained import decode, mel
from tests import shipped, tiny

RATE, HOP = tiny.AUDIO.sample_rate, tiny.AUDIO.hop_length
VOCODER = shipped.build("vocoder")
GLOW = shipped.build("glow")
LONG = 2032 * HOP / RATE  # s: some windows of the model and of the vocoder


class Local(nn.Module):
    """A model whose output at a frame depends on a few frames around it, and on the style."""

    def timbre(self, style: Tensor) -> Style:
        """The style's mean."""
        return Style(style.mean()[None, None], (style,))

    def transfer(self, content: Tensor, style: Style) -> Tensor:
        """Smooth over three frames, shift by the style's mean."""
        smooth = nn.functional.avg_pool1d(
            nn.functional.pad(content, (1, 1), mode="replicate"), 3, stride=1
        )
        return smooth + 0.1 * (style.vector.mean() + 60)


def tool(model: nn.Module) -> Transfer:
    plain: Model = model  # type: ignore[assignment]  # it has the methods
    return Transfer(plain, VOCODER, tiny.AUDIO, "cpu")


def samples(path: Path) -> np.ndarray:
    found: np.ndarray = soundfile.read(path, dtype="float32")[0]
    return found


def at_once(model: nn.Module, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
    """The same without windows, as models are evaluated."""
    torch.manual_seed(seed)
    leveled = at_level(content.astype(np.float64), tiny.AUDIO.level_db).astype(np.float32)
    mels = [torch.from_numpy(mel(clip, tiny.AUDIO))[None] for clip in (leveled, style)]
    with torch.inference_mode():
        timbre = model.timbre(mels[1])  # type: ignore[operator]
        return decode(VOCODER, model.transfer(mels[0], timbre), len(content))  # type: ignore[operator]


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
    found = tool(Local()).signal(content, [style], How(0), tmp_path)
    whole = at_once(Local(), content, style, 0)
    # where notes begin, Griffin-Lim makes much of the last bit of a mel; one seam would be 5 %
    assert sound.rms_and_peak(found - whole)[0] < 0.005 * sound.rms_and_peak(whole)[0]


@pytest.mark.parametrize("name", ["glow", "vqvae"])
def test_a_short_recording_is_transferred_as_models_are_evaluated(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    model = shipped.build(name)
    content, style = samples(clips[0]), tool(model).style(clips[1])
    found = tool(model).signal(content, [style], How(3), tmp_path)
    assert found == pytest.approx(at_once(model, content, style, 3), abs=1e-4)


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
        level, _ = sound.rms_and_peak(found)
        assert level == pytest.approx(sound.rms_and_peak(samples(content))[0], rel=0.01)


def test_a_loud_recording_does_not_clip(clips: tuple[Path, Path], tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(2 * RATE) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", square, RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav")
    assert np.abs(samples(tmp_path / "out.wav")).max() == pytest.approx(0.99, abs=1e-3)


def test_silence_stays_silence(clips: tuple[Path, Path], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav")
    assert np.array_equal(samples(tmp_path / "out.wav"), np.zeros(5000, np.float32))


def test_equal_seeds_are_equal_files_and_others_differ(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("one.wav", "same.wav", "other.wav")]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        tool(GLOW).file(*clips, out, How(seed))
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


def test_arrays_are_transferred_as_files_are(clips: tuple[Path, Path], tmp_path: Path) -> None:
    tool(GLOW).file(*clips, tmp_path / "out.flac", How(seed=2))
    content, style = (samples(clip) for clip in clips)
    made = tool(GLOW)(torch.from_numpy(content), style, RATE, How(seed=2))
    assert made == pytest.approx(samples(tmp_path / "out.flac"), abs=1e-3)


def test_arrays_keep_their_rate_and_length(clips: tuple[Path, Path]) -> None:
    content, style = (np.repeat(samples(clip), 3)[:-1] for clip in clips)
    assert len(tool(GLOW)(content, style, 3 * RATE)) == len(content)


@pytest.mark.parametrize(
    "content",
    [np.zeros((2, RATE)), np.zeros(0), np.full(RATE, np.nan)],
    ids=["two channels", "nothing", "no numbers"],
)
def test_arrays_that_are_no_sound_are_refused(content: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"^expected finite samples of one channel"):
        tool(GLOW)(content, np.ones(RATE), RATE)


def test_a_silent_style_is_refused() -> None:
    with pytest.raises(InputError, match=r"the style is silent"):
        tool(GLOW)(np.ones(RATE), np.zeros(RATE), RATE)


def test_without_strength_the_sound_is_the_contents_own(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    tool(GLOW).file(*clips, tmp_path / "out.flac", How(strength=0.0))
    tool(GLOW).file(clips[0], clips[0], tmp_path / "own.flac")
    found, own = (samples(tmp_path / f"{name}.flac") for name in ("out", "own"))
    assert found == pytest.approx(own, abs=1e-3)


def test_two_styles_make_another_sound_than_either(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    other = shipped.recording(tmp_path / "other.wav", 1.5, seed=7)
    made = []
    for mix in (0.0, 0.5, 1.0):
        tool(GLOW).file(*clips, tmp_path / "out.flac", How(mix=mix), other)
        made.append(samples(tmp_path / "out.flac"))
    for style, end in ((clips[1], made[0]), (other, made[2])):
        tool(GLOW).file(clips[0], style, tmp_path / "out.flac")
        assert end == pytest.approx(samples(tmp_path / "out.flac"), abs=2e-3)
    assert all(np.abs(made[1] - end).max() > 5e-3 for end in (made[0], made[2]))
