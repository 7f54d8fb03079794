"""Metrics: known values of cases made by hand."""

from collections.abc import Callable

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.core.params import Audio
from timbre.evaluation.metrics import distances as metrics

Distance = Callable[[NDArray[np.floating], NDArray[np.floating]], float]

RATE = 16_000
DISTANCES = [metrics.lsd, metrics.lsd_frames]


@pytest.fixture(scope="module")
def mels() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    a, b = (metrics.log_mel(rng.normal(size=RATE) * 0.1, RATE) for _ in range(2))
    return a, b


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_clip_is_at_no_distance_from_itself(
    distance: Distance, mels: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    assert distance(mels[0], mels[0]) == 0


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_distance_is_the_same_both_ways(
    distance: Distance, mels: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    a, b = mels
    assert distance(a, b) == distance(b, a) > 1


def test_the_distances_are_those_computed_by_hand() -> None:
    # bands in rows, frames in columns
    output, target = np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros((2, 2))
    assert metrics.lsd(output, target) == pytest.approx((np.sqrt(12.5) + 0) / 2)
    assert metrics.lsd_frames(output, target) == pytest.approx((np.sqrt(4.5) + np.sqrt(8)) / 2)


def test_the_level_of_a_clip_does_not_matter(
    audio_settings: Audio, tone: Callable[[float, Audio], NDArray[np.float64]]
) -> None:
    rng = np.random.default_rng(0)
    sound = tone(440, audio_settings) + rng.normal(size=audio_settings.segment_samples)
    loud, soft = (metrics.log_mel(sound * gain, RATE) for gain in (0.9, 0.05))
    assert metrics.lsd(loud, soft) < 0.01


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("length", [5000, 16_000, 128_000])
def test_the_spectrogram_is_the_one_of_librosa(length: int, normalize: bool) -> None:
    sound = np.random.default_rng(0).normal(size=length) * np.linspace(0, 0.3, length) ** 3
    loud = sound / np.sqrt(np.mean(sound**2)) if normalize else sound
    expected = librosa.power_to_db(librosa.feature.melspectrogram(y=loud, sr=RATE))
    assert np.allclose(metrics.log_mel(sound, RATE, normalize), expected, atol=1e-3)


def test_without_normalization_the_level_counts() -> None:
    sound = np.random.default_rng(0).normal(size=RATE) * 0.1
    loud, soft = (metrics.log_mel(sound * gain, RATE, normalize=False) for gain in (1, 0.1))
    assert metrics.lsd(loud, soft) == pytest.approx(20)


def test_silence_has_a_finite_distance() -> None:
    silence, noise = np.zeros(RATE), np.random.default_rng(0).normal(size=RATE)
    assert np.isfinite(metrics.lsd(metrics.log_mel(silence, RATE), metrics.log_mel(noise, RATE)))


def test_a_target_is_as_rough_as_itself() -> None:
    target = np.random.default_rng(0).normal(size=(128, 50))
    assert metrics.roughness(target, target) == 1
    assert metrics.roughness(2 * target, target) == pytest.approx(2)
    assert metrics.roughness(np.zeros((128, 50)), target) == 0


def roll(*sounding: tuple[int, int]) -> NDArray[np.bool_]:
    """A roll of three frames from pairs of pitch and frame."""
    found = np.zeros((128, 3), bool)
    for place in sounding:
        found[place] = True
    return found


def test_f1_of_a_case_by_hand() -> None:
    # two of three found are right, two of four are found: P = 2/3, R = 1/2
    true = roll((60, 0), (60, 1), (64, 1), (67, 2))
    found = roll((60, 0), (60, 1), (72, 1))
    assert metrics.frame_f1(found, true) == pytest.approx(2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2))


@pytest.mark.parametrize(
    ("found", "true", "f1"),
    [(roll(), roll(), 1), (roll((60, 0)), roll(), 0), (roll(), roll((60, 0)), 0)],
)
def test_f1_where_nothing_sounds(
    found: NDArray[np.bool_], true: NDArray[np.bool_], f1: float
) -> None:
    assert metrics.frame_f1(found, true) == f1


def test_an_octave_off_is_wrong() -> None:
    assert metrics.frame_f1(roll((72, 0)), roll((60, 0))) == 0
