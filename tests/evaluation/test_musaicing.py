"""Mosaicing: the constraints hold by hand, and real clips are laid with their own frames."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import FONT
from timbre.core.notes import notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.evaluation.metrics.distances import log_mel, lsd
from timbre.evaluation.systems.musaicing.config import MusaicingConfig
from timbre.evaluation.systems.musaicing.system import (
    System,
    activations,
    continued,
    of_polyphony,
    templates,
    without_repetition,
)
from timbre.synthesis.synth import Synth, Synthesis

SETTINGS = MusaicingConfig(
    n_fft=2048, hop_length=512, iterations=20, repetition=3, polyphony=10, continuity=3
)
Clip = Callable[[int], NDArray[np.float32]]


@pytest.fixture(scope="module")
def clip(audio_settings: Audio, synthesis_settings: Synthesis) -> Clip:
    """`clip(program)`: two seconds of five notes of an instrument."""
    settings = audio_settings.model_copy(update={"segment_seconds": 2.048})
    starts = np.arange(5) * 0.4
    notes = notes_from_columns((60, 67, 64, 72, 55), (90,) * 5, starts, starts + 0.4)
    with Synth(FONT, settings, synthesis_settings) as synth:
        sounds = {
            program: at_level(synth.render(notes, program), settings.level_db).astype(np.float32)
            for program in (0, 48)
        }
    return sounds.__getitem__


def random(*shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).random(shape)


def test_only_the_greatest_of_a_neighbourhood_keeps_its_weight() -> None:
    row = np.array([[1.0, 4.0, 2.0, 3.0, 5.0, 0.0, 1.0]])
    assert without_repetition(row, 1, 0.5).tolist() == [[0.5, 4, 1, 1.5, 5, 0, 1]]
    assert without_repetition(row, 0, 0.5).tolist() == row.tolist()
    assert without_repetition(row, 6, 0.0).tolist() == [[0, 0, 0, 0, 5, 0, 0]]


def test_rows_are_neighbours_of_themselves_only() -> None:
    active = random(6, 9)
    together = without_repetition(active, 2, 0.3)
    alone = [without_repetition(row[None], 2, 0.3)[0] for row in active]
    assert np.array_equal(together, alone)


def test_only_the_greatest_of_a_column_keep_their_weight() -> None:
    active = np.array([[1.0, 8.0], [3.0, 6.0], [2.0, 7.0]])
    assert of_polyphony(active, 1, 0.5).tolist() == [[0.5, 8], [3, 3], [1, 3.5]]
    assert of_polyphony(active, 2, 0.0).tolist() == [[0, 8], [3, 0], [2, 7]]
    assert of_polyphony(active, 5, 0.0).tolist() == active.tolist()


def test_equal_activations_are_as_few_as_unequal_ones() -> None:
    assert (of_polyphony(np.ones((8, 4)), 3, 0.0) > 0).sum(axis=0).tolist() == [3] * 4


def test_an_activation_becomes_a_diagonal() -> None:
    active = np.zeros((5, 6))
    active[2, 3] = 1
    expected = np.zeros((5, 6))
    expected[[1, 2, 3], [2, 3, 4]] = 1
    assert np.array_equal(continued(active, 1), expected)
    assert np.array_equal(continued(active, 0), active)


def test_a_diagonal_ends_at_the_edge() -> None:
    active = np.zeros((4, 4))
    active[0, 3] = active[3, 0] = 2
    assert np.array_equal(continued(active, 3), active)


def test_loud_and_soft_frames_are_equal_templates_and_silent_ones_are_none() -> None:
    spectrum = np.array([[3j, 0.3, 1e-9, 0], [-4, 0.1, 1e-9, 0]])
    assert templates(spectrum) == pytest.approx(
        np.array([[3j / 7, 0.75, 0, 0], [-4 / 7, 0.25, 0, 0]])
    )


@pytest.mark.parametrize("continuity", [0, 1, 3])
def test_no_more_templates_sound_than_polyphony_and_continuity_allow(continuity: int) -> None:
    settings = SETTINGS.model_copy(update={"polyphony": 2, "continuity": continuity})
    frames = random(40, 30)
    active = activations(random(40, 25), frames / frames.sum(axis=0), settings, 0)
    assert (active >= 0).all()
    sounding = (active > 0).sum(axis=0)
    assert 0 < sounding.max() <= 2 * (2 * continuity + 1)


def test_frames_in_which_nothing_may_sound_are_silent() -> None:
    settings = SETTINGS.model_copy(update={"repetition": 9, "continuity": 0})
    frames = np.array([[0.7, 0.3], [0.3, 0.7]])
    active = activations(1000 * random(2, 9), frames, settings, 0)
    assert np.isfinite(active).all()
    assert (active > 0).sum(axis=1).tolist() == [1, 1]


def test_without_constraints_the_activations_are_found() -> None:
    settings = MusaicingConfig(
        n_fft=2048, hop_length=512, iterations=2000, repetition=0, polyphony=4, continuity=0
    )
    frames = random(40, 4)
    frames /= frames.sum(axis=0)
    true = random(4, 12)
    found = activations(frames @ true, frames, settings, 0)
    assert found == pytest.approx(true, abs=1e-3)


def test_a_clip_is_laid_well_with_its_own_frames(clip: Clip) -> None:
    piano, strings = log_mel(clip(0), 16_000), clip(48)
    own = log_mel(System(SETTINGS)(clip(0), clip(0), 0), 16_000)
    shuffled = np.random.default_rng(0).permutation(own.T).T
    assert lsd(own, piano) < 0.5 * lsd(shuffled, piano)
    assert lsd(own, piano) < 0.5 * lsd(log_mel(strings, 16_000), piano)


def test_a_transfer_is_nearer_to_its_target_than_the_content_is(clip: Clip) -> None:
    target = log_mel(clip(48), 16_000)
    output = System(SETTINGS)(clip(0), clip(48), 0)
    assert lsd(log_mel(output, 16_000), target) < lsd(log_mel(clip(0), 16_000), target)


def test_the_same_seed_is_the_same_sound(clip: Clip) -> None:
    first, again, other = (System(SETTINGS)(clip(0), clip(48), seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("length", [2048, 9999, 16_001])
def test_the_length_is_the_contents_and_so_is_the_level(length: int, clip: Clip) -> None:
    content = clip(0)[:length]
    output = System(SETTINGS)(content, clip(48), 0)
    assert (output.shape, output.dtype) == (content.shape, np.float32)
    assert np.sqrt(np.mean(output**2)) == pytest.approx(np.sqrt(np.mean(content**2)), rel=1e-3)


def test_the_level_of_the_style_does_not_matter(clip: Clip) -> None:
    system = System(SETTINGS)
    soft, loud = (system(clip(0), clip(48) * np.float32(gain), 0) for gain in (0.125, 1))
    assert soft == pytest.approx(loud, abs=1e-6)


def test_noise_in_the_pauses_of_a_style_is_not_used() -> None:
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000) * 0.1
    style = np.concatenate([tone, rng.normal(scale=1e-6, size=16_000)]).astype(np.float32)
    content = rng.normal(scale=0.1, size=16_000).astype(np.float32)
    power = np.abs(np.fft.rfft(System(SETTINGS)(content, style, 0))) ** 2
    assert power[900:1100].sum() > 0.95 * power.sum()


def test_a_clip_laid_with_its_own_frames_keeps_their_phase(clip: Clip) -> None:
    output = System(SETTINGS)(clip(0), clip(0), 0)
    assert np.corrcoef(output, clip(0))[0, 1] > 0.5


def test_silence_in_either_is_silence(clip: Clip) -> None:
    silence = np.zeros(16_000, np.float32)
    for pair in ((silence, clip(0)), (clip(0), silence), (silence, silence)):
        assert not System(SETTINGS)(*pair, 0).any()


def test_a_pause_in_the_content_stays_one(clip: Clip) -> None:
    content = clip(0).copy()
    content[8000:20_000] = 0
    output = System(SETTINGS)(content, clip(48), 0)
    assert np.isfinite(output).all()
    assert np.abs(output[8000 + 2048 : 20_000 - 2048]).max() < 1e-3 * np.abs(output).max()
