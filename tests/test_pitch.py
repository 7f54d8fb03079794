"""Pitches: those that sound are found."""

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.evaluation.metrics.distances import frame_f1
from timbre.evaluation.metrics.pitch import pitches

RATE, HOP = 16_000, 512
SECONDS = 2


def harmonic(*sounding: int) -> NDArray[np.float64]:
    """A chord of tones with ten partials each, falling as 1/n."""
    time = np.arange(SECONDS * RATE) / RATE
    sound = np.zeros(len(time))
    for pitch in sounding:
        f0 = 440 * 2 ** ((pitch - 69) / 12)
        for n in range(1, 11):
            if n * f0 < RATE / 2:
                sound += np.sin(2 * np.pi * n * f0 * time + n) / n
    return sound * 0.1


def true(*sounding: int) -> NDArray[np.bool_]:
    roll = np.zeros((128, SECONDS * RATE // HOP), bool)
    roll[list(sounding)] = True
    return roll


@pytest.mark.parametrize(
    "chord", [(48,), (69,), (84,), (60, 64, 67), (48, 65, 69), (50, 57, 65, 69)]
)
def test_the_notes_of_a_chord_are_found(chord: tuple[int, ...]) -> None:
    assert frame_f1(pitches(harmonic(*chord), RATE, HOP), true(*chord)) > 0.8


def test_silence_has_no_pitch() -> None:
    found = pitches(np.zeros(RATE), RATE, HOP)
    assert found.shape == (128, RATE // HOP)
    assert not found.any()


def test_the_level_does_not_matter() -> None:
    sound = harmonic(60, 64, 67)
    assert np.array_equal(pitches(sound, RATE, HOP), pitches(sound * 0.01, RATE, HOP))


def test_a_pause_between_two_notes_has_no_pitch() -> None:
    sound = harmonic(60)
    sound[RATE // 2 : RATE * 3 // 2] = 0
    found = pitches(sound, RATE, HOP)
    middle = found.shape[1] // 2
    assert not found[:, middle - 4 : middle + 4].any()
    assert found[60, [2, -3]].all()
