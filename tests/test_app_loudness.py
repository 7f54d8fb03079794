"""Loudness: the standard's own test signal, and never a clipped sample."""

from pathlib import Path

import numpy as np
import pytest

from app.loudness import CEILING, Loudness, gain, measured

RATE = 48_000


def measure(path: Path, sound: np.ndarray, rate: int = RATE) -> Loudness:
    sound.astype(np.float32).tofile(path)
    rms = float(np.sqrt(np.mean(sound**2)))
    return measured(path, len(sound), sound.shape[1], rate, rms)


def sine(decibels: float, seconds: float, channels: int, hertz: float = 1000) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time)
    return np.tile(tone[:, None], channels)


@pytest.mark.parametrize("decibels", [-23.0, -33.0])
def test_the_first_signals_of_ebu_tech_3341(tmp_path: Path, decibels: float) -> None:
    # a stereo sine of 1 kHz of so many dB re full scale has as many LUFS, to 0.1
    found = measure(tmp_path / "a.f32", sine(decibels, 20, 2))
    assert found.lufs == pytest.approx(decibels, abs=0.11)


def test_the_third_signal_too_of_which_the_soft_parts_do_not_count(tmp_path: Path) -> None:
    parts = [sine(-36, 10, 2), sine(-23, 60, 2), sine(-36, 10, 2)]
    assert measure(tmp_path / "a.f32", np.concatenate(parts)).lufs == pytest.approx(-23, abs=0.11)


def test_a_peak_between_samples_is_found(tmp_path: Path) -> None:
    quarter = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)[:, None]  # samples at .71, peak 1
    assert measure(tmp_path / "a.f32", quarter).true_peak == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("sound", [sine(-20, 0.2, 1), sine(-80, 2, 1), np.zeros((9, 1))])
def test_what_r128_cannot_hear_has_no_lufs(tmp_path: Path, sound: np.ndarray) -> None:
    assert measure(tmp_path / "a.f32", sound).lufs is None


def test_only_the_samples_that_count_are_measured(tmp_path: Path) -> None:
    sound = np.concatenate([sine(-23, 5, 1), sine(-3, 5, 1)]).astype(np.float32)
    sound.tofile(tmp_path / "a.f32")
    quiet = measured(tmp_path / "a.f32", 5 * RATE, 1, RATE, 0.05)
    assert quiet.true_peak == pytest.approx(10 ** (-23 / 20), rel=0.05)


def test_gains_make_sounds_as_loud_and_never_clip() -> None:
    soft = Loudness(lufs=-30.0, rms=0.03, true_peak=0.2)
    loud = Loudness(lufs=-20.0, rms=0.1, true_peak=0.9)
    assert gain(loud, soft, normalize=False) == pytest.approx(10 ** (-10 / 20))
    assert gain(soft, loud, normalize=False) == pytest.approx(10 ** (10 / 20))
    assert gain(soft._replace(true_peak=0.5), loud, False) == pytest.approx(CEILING / 0.5)
    assert gain(soft, loud, normalize=True) == pytest.approx(CEILING / 0.2)
    short = Loudness(lufs=None, rms=0.05, true_peak=0.2)
    assert gain(short, loud, normalize=False) == pytest.approx(2)
    assert gain(Loudness(None, 0.0, 0.0), loud, normalize=False) == 1
