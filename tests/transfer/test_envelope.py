"""Dynamics: the content's at 0, the model's at 1, even steps between, and the spectrum stays."""

from pathlib import Path

import numpy as np
import pytest

from timbre.transfer import envelope
from timbre.transfer.sounds import Sound

RATE = 16_000


def tone(hertz: float, decay: float) -> np.ndarray:
    """Four notes that die away, `(L, 1)`."""
    time = np.arange(2 * RATE) / RATE
    return 0.3 * np.sin(2 * np.pi * hertz * time)[:, None] * np.exp(-decay * (time % 0.5))[:, None]


def level(sound: np.ndarray) -> np.ndarray:
    """Decibels of parts of 50 ms, about their median."""
    parts = sound[:, 0].reshape(-1, RATE // 20)
    decibels = 10 * np.log10(np.mean(parts**2, axis=1) + 1e-12)
    return np.asarray(decibels - np.median(decibels))


def test_steps_are_even_from_the_content_to_what_was_made(tmp_path: Path) -> None:
    plucked, bowed = tone(220.0, 4.0), tone(330.0, 0.0)
    content = Sound.from_samples(plucked.astype(np.float32), tmp_path / "content", RATE)
    made = Sound.from_samples(bowed.astype(np.float32), tmp_path / "made", RATE)
    whole = np.median(np.abs(level(plucked) - level(bowed)))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        found = np.array(envelope.interpolate(content, made, share, tmp_path).samples)
        far = np.median(np.abs(level(found) - level(plucked)))  # but where notes begin
        assert far == pytest.approx(share * whole, abs=0.15 * whole)
        assert np.abs(np.fft.rfft(found[:, 0])).argmax() == 330 * len(found) // RATE


def test_blocks_meet_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Sound.from_samples(tone(220.0, 4.0).astype(np.float32), tmp_path / "content", RATE)
    made = Sound.from_samples(tone(330.0, 1.0).astype(np.float32), tmp_path / "made", RATE)
    whole = np.array(envelope.interpolate(content, made, 0.3, tmp_path).samples)
    monkeypatch.setattr(envelope, "BLOCK_SAMPLES", 1000)
    parts = np.array(envelope.interpolate(content, made, 0.3, tmp_path).samples)
    assert parts == pytest.approx(whole, abs=1e-6)


def test_silence_of_the_content_is_silent_and_what_is_left_in_pauses_is_not_lifted(
    tmp_path: Path,
) -> None:
    loud = tone(220.0, 0.0)
    pause = loud.copy()
    pause[RATE:] = 0.0
    one = Sound.from_samples(pause.astype(np.float32), tmp_path / "one", RATE)
    other = Sound.from_samples(loud.astype(np.float32), tmp_path / "other", RATE)
    found = np.array(envelope.interpolate(one, other, 0.0, tmp_path).samples)
    assert np.abs(found[RATE + RATE // 20 :]).max() < 1e-3
    lifted = np.array(envelope.interpolate(other, one, 0.0, tmp_path).samples)
    assert np.abs(lifted).max() <= envelope.MOST * np.abs(pause).max()
