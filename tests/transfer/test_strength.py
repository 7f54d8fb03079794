"""Strength: the content itself at 0, all of the transfer at 1, and even steps between."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import shipped, tiny
from tests.conftest import two_bars
from tests.transferring import GLOW, RATE, samples, tool
from timbre.audio.mel import mel_spectrogram
from timbre.transfer import midi_content, strength
from timbre.transfer.settings import OutputFormat, TransferSettings
from timbre.transfer.sounds import Sound

DRY = TransferSettings(strength=0.0)
TOP = tiny.AUDIO.f_max


def sounding(folder: Path, name: str, sound: np.ndarray, rate: int = RATE) -> Sound:
    return Sound.from_samples(sound.astype(np.float32), folder / name, rate)


def notes(partials: list[float], seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """Four notes of a timbre, `(L, 1)`."""
    time = np.arange(round(seconds * rate)) / rate
    hertz = np.array([200.0, 260.0, 310.0, 240.0])[(time * 4 / seconds).astype(int)]
    phases = np.cumsum(2 * np.pi * hertz / rate)
    sound = sum(level * np.sin((n + 1) * phases) for n, level in enumerate(partials))
    hiss = np.random.default_rng(0).normal(0, 1e-3, len(time))
    return np.asarray(0.1 * sound + hiss)[:, None]


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Log-spectral, in dB."""
    mels = [mel_spectrogram(sound[:, 0], tiny.AUDIO) for sound in (one, other)]
    return float(np.sqrt(np.mean((mels[0] - mels[1]) ** 2, axis=0)).mean())


def test_steps_are_even_from_the_content_to_what_was_made(tmp_path: Path) -> None:
    dull, bright = notes([1.0, 0.1, 0.02]), notes([0.2, 0.3, 0.3, 0.25, 0.2, 0.15])
    level = np.sqrt(np.mean(dull**2) / np.mean(bright**2))
    one, other = sounding(tmp_path, "one", dull), sounding(tmp_path, "other", bright)
    whole = distance(dull, level * bright)
    for share in (0.25, 0.5, 0.75):
        found = np.array(strength.interpolate(one, other, share, TOP, tmp_path).samples)
        assert distance(found, dull) == pytest.approx(share * whole, abs=0.12 * whole)
        assert distance(found, level * bright) == pytest.approx(
            (1 - share) * whole, abs=0.12 * whole
        )


def test_it_ends_in_both(tmp_path: Path) -> None:
    dull, bright = notes([1.0, 0.1]), notes([0.2, 0.3, 0.3])
    one, other = sounding(tmp_path, "one", dull), sounding(tmp_path, "other", bright)
    near = np.array(strength.interpolate(one, other, 1e-4, TOP, tmp_path).samples)
    far = np.array(strength.interpolate(one, other, 1 - 1e-4, TOP, tmp_path).samples)
    assert near == pytest.approx(dull, abs=2e-3)
    level = np.sqrt(np.mean(dull**2) / np.mean(bright**2))
    assert far == pytest.approx(level * bright, abs=2e-3)


@pytest.mark.parametrize("length", [1, 100, 5000, 40_000])
def test_blocks_are_those_of_the_whole(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    one, other = (sounding(tmp_path, name, rng.normal(0, 0.1, (length, 2))) for name in "ab")
    whole = np.array(strength.interpolate(one, other, 0.4, TOP, tmp_path).samples)
    monkeypatch.setattr(strength, "BLOCK_SAMPLES", 4096)
    found = np.array(strength.interpolate(one, other, 0.4, TOP, tmp_path).samples)
    assert whole.shape == (length, 2)
    assert found == pytest.approx(whole, abs=1e-6)


def test_what_models_cannot_make_fades_and_lengths_are_the_contents(tmp_path: Path) -> None:
    rate = 4 * RATE
    time = np.arange(rate) / rate
    high = 0.1 * np.sin(2 * np.pi * 1.5 * RATE * time)[:, None]
    low = notes([1.0], seconds=0.98)
    one, other = sounding(tmp_path, "one", high, rate), sounding(tmp_path, "other", low)
    found = strength.interpolate(one, other, 0.75, TOP, tmp_path)
    assert (found.sample_rate, found.samples.shape) == (rate, high.shape)
    spectrum = (
        np.abs(np.fft.rfft(np.array(found.samples)[:, 0])) / np.abs(np.fft.rfft(high[:, 0])).max()
    )
    assert spectrum[round(1.5 * RATE)] == pytest.approx(0.25, abs=0.01)


def recorded(path: Path, rate: int, channels: int) -> np.ndarray:
    """A recording with something at all frequencies, `(L, C)`; no rumble."""
    time = np.arange(rate) / rate
    tones = [
        [np.sin(2 * np.pi * h * time) for h in (300 + 70 * c, 0.45 * rate)] for c in range(channels)
    ]
    sound = 0.1 * np.array([sum(each) for each in tones]).T
    soundfile.write(path, sound, rate, subtype="FLOAT")
    return sound


@pytest.mark.parametrize("stereo", [False, True])
@pytest.mark.parametrize("factor", [1, 3])
def test_at_0_a_recording_is_itself_at_any_rate(
    clips: tuple[Path, Path], tmp_path: Path, stereo: bool, factor: int
) -> None:
    given = recorded(tmp_path / "a.wav", factor * RATE, 2)
    if not stereo:
        given = given.mean(axis=1, keepdims=True)
    how = OutputFormat(factor * RATE, stereo)
    tool(GLOW).file(tmp_path / "a.wav", clips[1], tmp_path / "out.wav", DRY, output_format=how)
    found = soundfile.read(tmp_path / "out.wav", always_2d=True)[0]
    assert found.shape == given.shape
    inside = slice(factor * RATE // 5, -factor * RATE // 5)  # rumble is taken out, of ends too
    assert found[inside] == pytest.approx(given[inside], abs=5e-4)


def test_at_0_midi_is_as_it_is_played(clips: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(two_bars())
    played = np.array(midi_content.play(tmp_path / "a.mid", tiny.AUDIO, tmp_path)[0])
    tool(GLOW).file(tmp_path / "a.mid", clips[1], tmp_path / "out.flac", DRY)
    found = samples(tmp_path / "out.flac")
    gain = (found @ played[:, 0]) / (played[:, 0] @ played[:, 0])
    assert gain <= 1.001
    assert found == pytest.approx(gain * played[:, 0], abs=1e-3)


@pytest.mark.parametrize("kind", ["wav", "mid"])
@pytest.mark.parametrize("stereo", [False, True])
def test_files_between_are_as_long_at_each_rate(
    clips: tuple[Path, Path], tmp_path: Path, kind: str, stereo: bool
) -> None:
    content, length = tmp_path / f"a.{kind}", 2 * RATE
    if kind == "mid":
        content.write_bytes(two_bars())
        length = len(midi_content.play(content, tiny.AUDIO, tmp_path)[0])
    else:
        recorded(content, 2 * RATE, 2)
    tool(GLOW).file(
        content, clips[1], tmp_path / "out.wav", TransferSettings(strength=0.5),
        output_format=OutputFormat(2 * RATE, stereo),
    )  # fmt: skip
    found = soundfile.read(tmp_path / "out.wav", always_2d=True)[0]
    wanted = 2 * length if kind == "mid" else length
    assert found.shape == (wanted, 2 if stereo else 1)
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0.01


def test_arrays_at_0_are_themselves_and_between_as_files(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    content, style = (samples(clip) for clip in clips)
    one = tool(GLOW)
    inside = slice(RATE // 10, -RATE // 10)
    assert one(content, style, RATE, DRY)[inside] == pytest.approx(content[inside], abs=2e-3)
    half = TransferSettings(strength=0.5)
    one.file(*clips, tmp_path / "out.flac", half)
    assert one(content, style, RATE, half) == pytest.approx(
        samples(tmp_path / "out.flac"), abs=1e-3
    )
    stereo = np.stack([np.repeat(content, 3), np.repeat(content, 3) / 2])
    assert one(stereo, np.repeat(style, 3), 3 * RATE, half).shape == stereo.shape


def test_a_long_file_between_has_no_seams(
    clips: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = shipped.recording(tmp_path / "a.wav", 30.0)
    half = TransferSettings(strength=0.5)
    tool(GLOW).file(content, clips[1], tmp_path / "one.flac", half)
    monkeypatch.setattr(strength, "BLOCK_SAMPLES", 1 << 14)
    tool(GLOW).file(content, clips[1], tmp_path / "other.flac", half)
    one, other = (samples(tmp_path / f"{name}.flac") for name in ("one", "other"))
    assert other == pytest.approx(one, abs=1e-4)
