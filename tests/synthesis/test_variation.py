"""Variation of timbres: the notes stay, the sound does not."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import FONT
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.synthesis.synth import Synth, Synthesis
from timbre.synthesis.variation import (
    ATTACK,
    CUTOFF,
    PITCHED_PROGRAMS,
    RELEASE,
    Variation,
    Variations,
    draw,
)

VIOLIN, FLUTE = 40, 73
NOTE: Notes = notes_from_columns([69], [100], [0.1], [1.5])  # A4, 440 Hz
ALWAYS = Variations(layered=1.0, shaped=1.0, formants=1.0, max_formants=4)
NEVER = Variations(layered=0.0, shaped=0.0, formants=0.0, max_formants=4)


@pytest.fixture(scope="module")
def synth(tiny_audio: Audio, synthesis_settings: Synthesis) -> Iterator[Synth]:
    with Synth(FONT, tiny_audio, synthesis_settings) as synth:
        yield synth


def spectrum(sound: NDArray[np.float64], audio: Audio) -> tuple[NDArray, NDArray]:
    """Frequencies in Hz and power of the part that sounds."""
    part = sound[int(0.3 * audio.sample_rate) : int(0.9 * audio.sample_rate)]
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 16)) ** 2
    return np.fft.rfftfreq(1 << 16, 1 / audio.sample_rate), power


def centroid(sound: NDArray[np.float64], audio: Audio) -> float:
    """The spectrum's centre of mass in Hz."""
    hz, power = spectrum(sound, audio)
    return float((hz * power).sum() / power.sum())


@pytest.mark.parametrize("formants", [-4, -1, 1, 4])
def test_formants_move_and_the_pitch_stays(synth: Synth, tiny_audio: Audio, formants: int) -> None:
    sound = synth.render(NOTE, VIOLIN, Variation(formants=formants))
    hz, power = spectrum(sound, tiny_audio)
    near = (hz > 400) & (hz < 480)
    assert abs(1200 * np.log2(hz[near][power[near].argmax()] / 440)) < 15  # cents, of a vibrato
    plain = synth.render(NOTE, VIOLIN)
    assert sound.shape == plain.shape
    assert not np.allclose(sound, plain, atol=1e-3 * np.abs(plain).max())


@pytest.mark.parametrize("formants", [-3, 0, 3])
def test_a_note_begins_when_it_is_to(synth: Synth, tiny_audio: Audio, formants: int) -> None:
    late = notes_from_columns([69], [100], [1.0], [1.8])
    sound = np.abs(synth.render(late, FLUTE, Variation(formants=formants)))
    first = np.argmax(sound > 0.01 * sound.max()) / tiny_audio.sample_rate
    assert 0.97 <= first <= 1.1


def test_a_layer_is_the_sum_of_both(synth: Synth) -> None:
    both = synth.render(NOTE, VIOLIN, Variation(layer=FLUTE))
    apart = synth.render(NOTE, VIOLIN) + synth.render(NOTE, FLUTE)
    assert np.allclose(both, apart, atol=0.05 * np.abs(apart).max())


def test_the_balance_says_which_is_louder(synth: Synth) -> None:
    violin, flute = synth.render(NOTE, VIOLIN), synth.render(NOTE, FLUTE)
    left = synth.render(NOTE, VIOLIN, Variation(layer=FLUTE, balance=-400.0))
    right = synth.render(NOTE, VIOLIN, Variation(layer=FLUTE, balance=400.0))
    assert np.corrcoef(left, violin)[0, 1] > 0.99
    assert np.corrcoef(right, flute)[0, 1] > 0.99


def test_a_lower_filter_darkens(synth: Synth, tiny_audio: Audio) -> None:
    dark = synth.render(NOTE, VIOLIN, Variation(generators=((CUTOFF, -4800.0),)))
    plain = synth.render(NOTE, VIOLIN)
    assert centroid(dark, tiny_audio) < 0.8 * centroid(plain, tiny_audio)


def test_a_longer_attack_begins_softer(synth: Synth, tiny_audio: Audio) -> None:
    begin = slice(int(0.1 * tiny_audio.sample_rate), int(0.15 * tiny_audio.sample_rate))
    slow = synth.render(NOTE, 0, Variation(generators=((ATTACK, 10000.0),)))
    plain = synth.render(NOTE, 0)
    assert np.std(slow[begin]) < 0.5 * np.std(plain[begin])


def test_a_longer_release_rings_on(synth: Synth, tiny_audio: Audio) -> None:
    short = notes_from_columns([69], [100], [0.1], [0.5])
    after = slice(int(0.8 * tiny_audio.sample_rate), None)
    ringing = synth.render(short, FLUTE, Variation(generators=((RELEASE, 6000.0),)))
    assert np.std(ringing[after]) > 1.5 * np.std(synth.render(short, FLUTE)[after])


def test_a_varied_segment_leaves_the_next_as_it_was(synth: Synth) -> None:
    before = synth.render(NOTE, VIOLIN)
    rng = np.random.default_rng(0)
    for _ in range(4):
        synth.render(NOTE, VIOLIN, draw(rng, ALWAYS))
    assert np.array_equal(synth.render(NOTE, VIOLIN), before)


def test_text_says_all_of_a_variation() -> None:
    rng = np.random.default_rng(0)
    for settings in (ALWAYS, NEVER):
        for _ in range(50):
            variation = draw(rng, settings)
            assert Variation.loads(variation.dumps()) == variation
    assert Variation().dumps() == ""


def test_what_never_happens_does_not() -> None:
    rng = np.random.default_rng(0)
    assert all(draw(rng, NEVER) == Variation() for _ in range(50))


def test_what_always_happens_stays_in_its_range() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw(rng, ALWAYS) for _ in range(200)]
    assert all(v.layer is not None and 0 <= v.layer < PITCHED_PROGRAMS for v in drawn)
    assert {v.formants for v in drawn} == {-4, -3, -2, -1, 1, 2, 3, 4}
    assert max(len(v.generators) for v in drawn) > 3
