"""Loudness: the standard's own test signals, and never a clipped sample."""

from pathlib import Path

import numpy as np
import pytest

from timbre.transfer import streams
from timbre.transfer.loudness import MAX_TRUE_PEAK, Loudness, gain, integrated, rms_and_true_peak

RATE = 48_000


def lufs(path: Path, clip: np.ndarray) -> float | None:
    clip.astype(np.float32).tofile(path)
    return integrated(path, *clip.shape, RATE)


def sine(decibels: float, seconds: float, channels: int, hertz: float = 1000) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time)
    return np.tile(tone[:, None], channels)


@pytest.mark.parametrize("decibels", [-23.0, -33.0])
def test_the_first_signals_of_ebu_tech_3341(tmp_path: Path, decibels: float) -> None:
    # a stereo sine of 1 kHz of so many dB re full scale has as many LUFS, to 0.1
    assert lufs(tmp_path / "a.f32", sine(decibels, 20, 2)) == pytest.approx(decibels, abs=0.11)


def test_the_third_signal_too_of_which_the_soft_parts_do_not_count(tmp_path: Path) -> None:
    parts = [sine(-36, 10, 2), sine(-23, 60, 2), sine(-36, 10, 2)]
    assert lufs(tmp_path / "a.f32", np.concatenate(parts)) == pytest.approx(-23, abs=0.11)


@pytest.mark.parametrize("clip", [sine(-20, 0.2, 1), sine(-80, 2, 1), np.zeros((9, 1))])
def test_what_r128_cannot_hear_has_no_lufs(tmp_path: Path, clip: np.ndarray) -> None:
    assert lufs(tmp_path / "a.f32", clip) is None


def test_only_the_samples_that_count_are_measured(tmp_path: Path) -> None:
    np.concatenate([sine(-23, 5, 2), sine(-3, 5, 2)]).astype(np.float32).tofile(tmp_path / "a.f32")
    assert integrated(tmp_path / "a.f32", 5 * RATE, 2, RATE) == pytest.approx(-23, abs=0.11)


@pytest.mark.parametrize("phase", [0.0, np.pi / 4])
def test_a_peak_between_samples_is_found(monkeypatch: pytest.MonkeyPatch, phase: float) -> None:
    monkeypatch.setattr(streams, "BLOCK_SAMPLES", 7000)
    wave = np.sin(np.pi / 2 * np.arange(RATE) + phase) * np.hanning(RATE)  # samples at 1, or .71
    clip = np.stack([wave / 2, wave], axis=1).astype(np.float32)
    rms, peak = rms_and_true_peak(clip, RATE)
    assert peak == pytest.approx(1, rel=0.01)
    assert rms == pytest.approx(np.sqrt(np.mean(clip**2)), rel=1e-5)
    assert rms_and_true_peak(np.zeros((3, 1), np.float32), RATE) == (0, 0)


def test_gains_make_sounds_as_loud_and_never_clip() -> None:
    soft, loud = Loudness(lufs=-30.0, rms=0.03), Loudness(lufs=-20.0, rms=0.1)
    assert gain(loud, 0.9, soft, normalize=False) == pytest.approx(10 ** (-10 / 20))
    assert gain(soft, 0.2, loud, normalize=False) == pytest.approx(10 ** (10 / 20))
    assert gain(soft, 0.5, loud, normalize=False) == pytest.approx(MAX_TRUE_PEAK / 0.5)
    assert gain(soft, 0.2, loud, normalize=True) == pytest.approx(MAX_TRUE_PEAK / 0.2)
    short = Loudness(lufs=None, rms=0.05)
    assert gain(short, 0.2, loud, normalize=False) == pytest.approx(2)
    assert gain(Loudness(None, 0.0), 0.0, loud, normalize=False) == 1
