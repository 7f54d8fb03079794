"""Transfer of recordings: of any length, in windows that nobody hears, as loud as what came."""

import subprocess
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch
from torch import Tensor, nn

from app import loudness, midi_content, outputs, sound
from app.engine import Engine, Model
from app.how import PLAINLY, Form, How
from app.styles import PART
from app.transfer import Transfer
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
LONG = 4080 * HOP / RATE  # s: some windows of the model and of the vocoder


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


def engine(model: nn.Module) -> Engine:
    plain: Model = model  # type: ignore[assignment]  # it has the methods
    return Engine(plain, VOCODER, tiny.AUDIO, "cpu")


def tool(model: nn.Module) -> Transfer:
    return Transfer(engine(model))


def computed(
    model: nn.Module, content: np.ndarray, style: np.ndarray, how: How, folder: Path
) -> np.ndarray:
    one = engine(model)
    return one.transfer(content, one.timbres([style])[0], how, folder)


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


def loud(path: Path) -> loudness.Loudness:
    found = samples(path)
    found.tofile(path.with_suffix(".f32"))
    lufs = loudness.integrated(path.with_suffix(".f32"), len(found), 1, RATE)
    return loudness.Loudness(lufs, sound.rms_and_peak(found)[0])


def peak(path: Path) -> float:
    return loudness.true_peak(samples(path)[:, None], RATE)


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
    found = computed(Local(), content, style, How(0), tmp_path)
    whole = at_once(Local(), content, style, 0)
    # where notes begin, Griffin-Lim makes much of the last bit of a mel; one seam would be 5 %
    assert sound.rms_and_peak(found - whole)[0] < 0.005 * sound.rms_and_peak(whole)[0]


@pytest.mark.parametrize("name", ["glow", "vqvae"])
def test_a_short_recording_is_transferred_as_models_are_evaluated(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    model = shipped.build(name)
    content, style = samples(clips[0]), tool(model).style(clips[1])
    found = computed(model, content, style, How(3), tmp_path)
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
        one, other = (loud(path) for path in (content, tmp_path / "out.flac"))
        if one.lufs is None:  # so short that only the root mean square tells
            assert other.rms == pytest.approx(one.rms, rel=0.01)
        else:
            assert other.lufs == pytest.approx(one.lufs, abs=0.2)


def test_a_loud_recording_does_not_clip(clips: tuple[Path, Path], tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(2 * RATE) * 0.2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", square, RATE)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav")
    assert np.abs(samples(tmp_path / "out.wav")).max() <= loudness.CEILING + 1e-3
    assert peak(tmp_path / "out.wav") == pytest.approx(loudness.CEILING, rel=0.02)


def test_silence_stays_silence(clips: tuple[Path, Path], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(5000), RATE)
    for strength in (0.5, 1.0):
        tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav", How(strength=strength))
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
    # R128 is measured to a tenth of a decibel, so to 1.2 %
    assert np.abs(other - one / 4).max() <= 0.013 * np.abs(one).max() / 4 + 1e-3


def test_a_long_style_counts_as_the_mean_of_its_parts(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    one, other = (
        samples(shipped.recording(tmp_path / f"{seed}.wav", PART, seed)) for seed in (5, 6)
    )
    soundfile.write(tmp_path / "both.wav", [*one, *other], RATE, subtype="FLOAT")
    tool(GLOW).file(clips[0], tmp_path / "both.wav", tmp_path / "found.flac")
    tool(GLOW).file(
        clips[0], tmp_path / "5.wav", tmp_path / "wanted.flac", How(mix=0.5), tmp_path / "6.wav"
    )
    tool(GLOW).file(clips[0], tmp_path / "5.wav", tmp_path / "alone.flac")
    found, wanted, alone = (
        samples(tmp_path / f"{name}.flac") for name in ("found", "wanted", "alone")
    )
    away, _ = sound.rms_and_peak(alone - wanted)
    assert sound.rms_and_peak(found - wanted)[0] < 0.1 * away


def test_the_loudest_part_of_a_style_is_shown(tmp_path: Path) -> None:
    quiet, strong = (
        samples(shipped.recording(tmp_path / "a.wav", PART, seed, level))
        for seed, level in ((0, 0.001), (1, 0.1))
    )
    soundfile.write(tmp_path / "b.wav", [*quiet, *strong, *quiet], RATE, subtype="FLOAT")
    found = tool(GLOW).style(tmp_path / "b.wav")
    expected = at_level(strong.astype(np.float64), tiny.AUDIO.level_db)
    assert found == pytest.approx(expected, abs=1e-3)


def test_a_style_is_heard_once(clips: tuple[Path, Path], tmp_path: Path) -> None:
    one = tool(GLOW)
    heard = []
    computing = one._timbres._engine
    usual = computing.timbres
    computing.timbres = lambda given: heard.append(len(given)) or usual(given)  # type: ignore[method-assign]
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


def stereo(path: Path, *channels: np.ndarray) -> Path:
    soundfile.write(path, np.stack(channels, axis=1), RATE, subtype="FLOAT")
    return path


def test_two_channels_are_transferred_each(clips: tuple[Path, Path], tmp_path: Path) -> None:
    left = samples(clips[0])
    right = samples(shipped.recording(tmp_path / "right.wav", 2.048, seed=4, level=0.02))
    both, form = Form(stereo=True), Form()
    made = {}
    for name, channels in (("one", (left, right)), ("swapped", (right, left))):
        content = stereo(tmp_path / f"{name}.wav", *channels)
        result = tool(GLOW).file(content, clips[1], tmp_path / "out.wav", form=both)
        assert result.channels == 2
        made[name] = samples(tmp_path / "out.wav")
    assert made["swapped"] == pytest.approx(made["one"][:, ::-1], abs=1e-3)
    # beside each other they are as loud as they were
    levels = [sound.rms_and_peak(channel)[0] for channel in (left, right, *made["one"].T)]
    assert levels[2] / levels[3] == pytest.approx(levels[0] / levels[1], rel=0.01)
    # and each is what it is alone
    tool(GLOW).file(clips[0], clips[1], tmp_path / "alone.wav", form=form)
    alone, channel = samples(tmp_path / "alone.wav"), made["one"][:, 0]
    scale = np.dot(alone, channel) / np.dot(alone, alone)
    assert channel == pytest.approx(scale * alone, abs=1e-3)


def test_equal_channels_stay_equal_and_a_silent_one_silent(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    left = samples(clips[0])
    for right in (left, np.zeros_like(left)):
        content = stereo(tmp_path / "a.wav", left, right)
        tool(GLOW).file(content, clips[1], tmp_path / "out.wav", form=Form(stereo=True))
        found = samples(tmp_path / "out.wav")
        assert found[:, 1] == pytest.approx(found[:, 0] if right.any() else right, abs=1e-4)
        assert np.abs(found[:, 0]).max() > 0.01


def test_a_file_at_another_rate_sounds_the_same(clips: tuple[Path, Path], tmp_path: Path) -> None:
    made = tool(GLOW).file(*clips, tmp_path / "out.flac", form=Form(sample_rate=3 * RATE))
    assert (made.sample_rate, made.seconds) == (3 * RATE, 2.048)
    tool(GLOW).file(*clips, tmp_path / "usual.flac")
    found = recordings.read(tmp_path / "out.flac", RATE)
    usual = samples(tmp_path / "usual.flac")
    # the resampler rounds off what lies next to half the rate
    assert sound.rms_and_peak(found - usual)[0] < 0.02 * sound.rms_and_peak(usual)[0]


def test_normalized_is_as_loud_as_goes(clips: tuple[Path, Path], tmp_path: Path) -> None:
    made = tool(GLOW).file(*clips, tmp_path / "out.wav", form=Form(normalize=True))
    assert peak(tmp_path / "out.wav") == pytest.approx(loudness.CEILING, rel=0.02)
    assert made.gain_db > 0


def test_a_midi_file_is_a_content(clips: tuple[Path, Path], tmp_path: Path) -> None:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(program=0))
    midi.instruments[0].notes.append(pretty_midi.Note(90, 60, 0.0, 1.0))
    midi.write(str(tmp_path / "a.mid"))
    made = tool(GLOW).file(tmp_path / "a.mid", clips[1], tmp_path / "out.wav")
    assert made.seconds == pytest.approx(1 + midi_content.RELEASE)
    assert np.abs(samples(tmp_path / "out.wav")).max() > 0.01


@pytest.mark.parametrize("name", sorted([*outputs.FORMATS, *outputs.BY_FFMPEG]))
def test_every_format_is_written_and_read_again(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    tool(GLOW).file(*clips, tmp_path / f"out{name}", form=Form(sample_rate=16_000))
    found = recordings.read(tmp_path / f"out{name}", RATE)
    assert len(found) == pytest.approx(2.048 * RATE, abs=0.1 * RATE)
    assert np.sqrt(np.mean(found**2)) > 0.005


@pytest.mark.parametrize("how", [How(strength=1.5), How(mix=-0.1), How(temperature=-1.0)])
def test_settings_out_of_range_are_refused(how: How) -> None:
    with pytest.raises(InputError, match=r"^expected a (strength|mix|temperature) .*please"):
        tool(GLOW)(np.ones(RATE), np.ones(RATE), RATE, how)
    assert PLAINLY.checked() == PLAINLY
