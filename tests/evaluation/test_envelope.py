"""Envelopes: known values of tones made by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.core.notes import Notes, notes_from_columns
from timbre.evaluation.metrics import envelope
from timbre.evaluation.metrics.distances import SAMPLE_RATE

ONSETS = np.array([0.0, 0.5, 1.0, 1.5])


def notes(onsets: NDArray[np.float64] = ONSETS) -> Notes:
    count = len(onsets)
    return notes_from_columns(np.full(count, 60), np.full(count, 90), onsets, onsets + 0.4)


def tones(attack: float, decay: float, seconds: float = 2.0) -> NDArray[np.float64]:
    """A tone every half second: it rises linearly in `attack` s, then falls by `decay` dB/s."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE % 0.5
    level = np.minimum(time / attack, 1) * 10 ** (-decay * np.maximum(time - attack, 0) / 20)
    return level * np.sin(2 * np.pi * 880 * time)


@pytest.mark.parametrize("gain", [0.1, 1.0, 5.0])
def test_equal_envelopes_at_any_level_are_no_different(gain: float) -> None:
    one, other = tones(0.02, 30), gain * tones(0.02, 30)
    assert envelope.correlation(one, other) == pytest.approx(1)
    assert envelope.attack_difference(one, other, notes()) == 0
    assert envelope.decay_difference(one, other, notes()) == pytest.approx(0, abs=1e-6)


def test_the_carrier_does_not_count() -> None:
    one = tones(0.05, 20)
    other = np.abs(one) * np.sign(np.random.default_rng(0).normal(size=len(one)))
    found = envelope.correlation(one, other)
    assert found is not None
    assert found > 0.999


def test_attacks_differ_by_what_they_last() -> None:
    found = envelope.attack_difference(tones(0.02, 30), tones(0.12, 30), notes())
    assert found == pytest.approx(50, abs=5)  # ms, to half of the peak


def test_decays_differ_by_their_slopes() -> None:
    found = envelope.decay_difference(tones(0.01, 20), tones(0.01, 50), notes())
    assert found == pytest.approx(30, abs=1)


def test_what_cannot_be_measured_is_no_number() -> None:
    silence, sound = np.zeros(2 * SAMPLE_RATE), tones(0.02, 30)
    assert envelope.correlation(silence, sound) is None
    assert envelope.correlation(sound[:100], sound[:100]) is None
    assert envelope.attack_difference(silence, sound, notes()) is None
    fast = notes(np.arange(0, 2, 0.1))
    assert envelope.attack_difference(sound, sound, fast) is None
    assert envelope.decay_difference(sound, sound, notes()[:0]) is None
