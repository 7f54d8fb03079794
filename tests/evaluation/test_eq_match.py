"""The equaliser: it moves a long-term spectrum, and nothing else."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import welch

from timbre.evaluation.systems.eq_match.system import MAX_GAIN_DB, match

RATE = 16_000
N_FFT, HOP = 1024, 256


def noise(color: float, seed: int, seconds: float = 2) -> NDArray[np.float32]:
    """Noise from 60 Hz whose amplitude falls as frequency to the power of `color`, RMS 0.05."""
    length = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= np.where(hertz < 60, 0, np.maximum(hertz, 60) ** -color)
    sound = np.fft.irfft(spectrum, length)
    return (0.05 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


def octaves(sound: NDArray[np.floating]) -> NDArray[np.float64]:
    """Levels in dB of six octaves up to 8 kHz."""
    hertz, power = welch(sound, RATE, nperseg=N_FFT)
    edges = RATE / 2 / 2.0 ** np.arange(6, -1, -1)
    return np.array(
        [10 * np.log10(power[(hertz > a) & (hertz <= b)].mean()) for a, b in pairwise(edges)]
    )


def test_a_clip_in_its_own_style_is_itself() -> None:
    sound = noise(0.5, 0)
    assert match(sound, sound, N_FFT, HOP) == pytest.approx(sound, abs=1e-6)


def test_the_spectrum_becomes_the_styles() -> None:
    content, style = noise(0.0, 0), noise(1.0, 1)
    assert np.abs(octaves(content) - octaves(style)).max() > 10
    assert octaves(match(content, style, N_FFT, HOP)) == pytest.approx(octaves(style), abs=0.5)


def test_the_level_becomes_the_styles() -> None:
    content, style = noise(0.5, 0), noise(0.5, 1)
    once, twice = (match(content, gain * style, N_FFT, HOP) for gain in (1, 2))
    assert twice == pytest.approx(2 * once, abs=1e-6)


def test_what_happens_when_stays_the_contents() -> None:
    content, style = noise(0.0, 0), noise(1.0, 1)
    content[: RATE // 2] = 0
    result = match(content, style, N_FFT, HOP)
    assert not result[: RATE // 2 - N_FFT].any()
    assert result[RATE // 2 :].any()


@pytest.mark.parametrize("seconds", [0.5, 1.2345, 4.0])
def test_a_style_of_another_length_works(seconds: float) -> None:
    content, style = noise(0.0, 0), noise(1.0, 1, seconds)
    result = match(content, style, N_FFT, HOP)
    assert (result.shape, result.dtype) == (content.shape, np.float32)
    assert octaves(result) == pytest.approx(octaves(style), abs=1)


@pytest.mark.parametrize("length", [1, 100, N_FFT - 1, N_FFT + 1])
def test_a_clip_of_any_length_keeps_it(length: int) -> None:
    result = match(noise(0.0, 0)[:length], noise(1.0, 1), N_FFT, HOP)
    assert result.shape == (length,)
    assert np.isfinite(result).all()


def test_silence_in_either_is_silence() -> None:
    sound, silence = noise(0.5, 0), np.zeros(RATE, np.float32)
    for pair in ((silence, sound), (sound, silence), (silence, silence)):
        assert not match(*pair, N_FFT, HOP).any()


def test_a_faint_content_is_raised_no_more_than_the_bound() -> None:
    style = noise(0.5, 0)
    faint = style * 1e-4
    limit = faint * 10 ** (MAX_GAIN_DB / 20)
    assert match(faint, style, N_FFT, HOP) == pytest.approx(limit, rel=1e-3, abs=1e-7)


def test_the_result_stays_within_full_scale() -> None:
    content = noise(0.5, 0) * 0.1
    content[5000] = 0.3  # a click grows with the rest
    loud = match(content, noise(0.5, 1) * 6, N_FFT, HOP)
    assert np.abs(loud).max() == pytest.approx(1, abs=1e-6)
