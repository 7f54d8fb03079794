"""The synthesizer: presets without end, each of which plays its notes."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.synthesis.synthesizer import render
from timbre.synthesis.synthesizer_drawing import draw_preset
from timbre.synthesis.synthesizer_kinds import KINDS
from timbre.synthesis.synthesizer_presets import Preset, Voice

SEED = 3
CHORD = notes_from_columns(
    [60, 64, 67, 67], [90, 90, 90, 60], [0, 0.1, 0.2, 0.5], [0.8, 0.8, 2, 0.7]
)


def one_of(kind: str) -> Preset:
    """The first preset of a kind."""
    drawn = (draw_preset(SEED, number) for number in itertools.count())
    return next(preset for preset in drawn if preset.kind == kind)


def plain(preset: Preset) -> Preset:
    """The preset without noise and without what moves its pitch."""
    still = (Voice(0.0, 1.0, 0.0, 0.0, 0.0),)
    return preset._replace(breath=0.0, burst=0.0, vibrato_cents=0.0, tremolo=0.0, voices=still)


def note(pitch: int, velocity: int = 100, start: float = 0.0, end: float = 0.9) -> Notes:
    return notes_from_columns([pitch], [velocity], [start], [end])


def power(sound: NDArray[np.float64], audio: Audio) -> tuple[NDArray, NDArray]:
    """Frequencies in Hz and power."""
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) ** 2
    return np.fft.rfftfreq(len(sound), 1 / audio.sample_rate), spectrum


def test_a_preset_is_drawn_from_seed_and_number_alone(tiny_audio: Audio) -> None:
    first = [draw_preset(SEED, number) for number in range(20)]
    sounds = [render(CHORD, preset, tiny_audio) for preset in first]
    draw_preset.cache_clear()
    again = [draw_preset(SEED, number) for number in reversed(range(20))][::-1]
    assert again == first
    for preset, sound in zip(again, sounds, strict=True):
        assert np.array_equal(render(CHORD, preset, tiny_audio), sound)
    for one, other in itertools.combinations(sounds, 2):
        assert not np.allclose(one, other)
    assert draw_preset(SEED + 1, 0)._replace(seed=SEED) != first[0]


def test_all_kinds_are_drawn_and_of_many_families() -> None:
    drawn = [draw_preset(SEED, number) for number in range(300)]
    assert {preset.kind for preset in drawn} == set(KINDS)
    assert all(preset.program in KINDS[preset.kind].programs for preset in drawn)
    assert len({preset.family for preset in drawn}) >= 12


@pytest.mark.parametrize("rate", [8000, 16000, 32000])
def test_every_preset_sounds_and_stays_finite(tiny_audio: Audio, rate: int) -> None:
    audio = tiny_audio.model_copy(update={"sample_rate": rate})
    for number in range(60):
        sound = render(CHORD, draw_preset(SEED, number), audio)
        assert sound.shape == (audio.segment_samples,)
        assert np.isfinite(sound).all()
        assert np.sqrt(np.mean(sound**2)) > 1e-4


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"body", "modulated bell"}))
@pytest.mark.parametrize("pitch", [36, 60, 79])
def test_a_note_is_in_tune(tiny_audio: Audio, kind: str, pitch: int) -> None:
    voices = one_of(kind).voices
    preset = plain(one_of(kind))._replace(voices=voices, stiffness=0.0)
    sound = render(note(pitch), preset, tiny_audio)[2000:14000]
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    frequency, spectrum = power(sound, tiny_audio)
    # within half a semitone of a multiple lies nearly all of it, and not because all is near one
    number = np.maximum(np.rint(frequency / hertz), 1)
    width = np.maximum(number * hertz * (2 ** (0.5 / 12) - 1), 4 * frequency[1])
    away = np.abs(frequency - number * hertz)
    low = number <= 8
    assert spectrum[low & (away < width)].sum() > 0.98 * spectrum[low].sum()
    # and it is no octave higher: odd partials are there
    assert spectrum[low & (away < width) & (number % 2 == 1)].sum() > 1e-4 * spectrum.sum()


@pytest.mark.parametrize("kind", ["body", "modulated bell"])
def test_what_is_no_series_of_multiples_has_a_partial_at_its_pitch(
    tiny_audio: Audio, kind: str
) -> None:
    frequency, spectrum = power(render(note(60), plain(one_of(kind)), tiny_audio), tiny_audio)
    near = np.abs(12 * np.log2(np.maximum(frequency, 1) / 261.63)) < 0.3
    assert spectrum[near].max() > 1e-3 * spectrum.max()


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("pitch", [84, 96, 108])
def test_nothing_is_folded_back(tiny_audio: Audio, kind: str, pitch: int) -> None:
    preset = plain(one_of(kind))
    sound = render(note(pitch, end=2.0), preset, tiny_audio)[1000:]
    frequency, spectrum = power(sound, tiny_audio)
    lowest = 440 * 2 ** ((pitch - 69) / 12) / preset.divisor
    assert spectrum[frequency < 0.9 * lowest].sum() < 1e-5 * spectrum.sum()


def test_what_is_above_half_the_rate_is_silent(tiny_audio: Audio) -> None:
    low = tiny_audio.model_copy(update={"sample_rate": 8000})
    assert all(not render(note(120), draw_preset(SEED, n), low).any() for n in range(20))


def test_harder_is_no_softer(tiny_audio: Audio) -> None:
    for number in range(60):
        preset = draw_preset(SEED, number)
        levels = [np.mean(render(note(60, v), preset, tiny_audio) ** 2) for v in (20, 60, 100, 127)]
        assert levels == sorted(levels)
        assert levels[-1] > 4 * levels[0]


def test_there_is_silence_before_the_onset_and_after_the_release(tiny_audio: Audio) -> None:
    for number in range(60):
        preset = draw_preset(SEED, number)._replace(release=0.1)
        sound = render(note(60, start=0.3, end=0.6), preset, tiny_audio)
        onset, end = (round(time * tiny_audio.sample_rate) for time in (0.3, 0.71))
        assert not sound[:onset].any()
        assert np.abs(sound[onset:end]).max() > 1e-4
        assert not sound[end:].any()


def test_the_order_of_the_notes_does_not_matter(tiny_audio: Audio) -> None:
    for number in range(20):
        preset = draw_preset(SEED, number)
        assert np.array_equal(
            render(CHORD[::-1], preset, tiny_audio), render(CHORD, preset, tiny_audio)
        )


def test_no_notes_are_silence_and_a_note_of_no_length_is_heard(tiny_audio: Audio) -> None:
    for number in range(20):
        preset = draw_preset(SEED, number)
        assert not render(CHORD[:0], preset, tiny_audio).any()
        assert render(note(60, start=0.5, end=0.5), preset, tiny_audio).any()


def test_vibrato_goes_as_far_up_as_down(tiny_audio: Audio) -> None:
    preset = plain(one_of("voice"))._replace(
        vibrato_cents=40.0, vibrato_rate=5.0, vibrato_delay=0.0, attack=0.01, divisor=1
    )
    pure = (0.0, *[-200.0] * 127)
    preset = preset._replace(levels=(pure, pure), formants=(), sustain=1.0)
    sound = render(note(69, end=1.0), preset, tiny_audio)[3200:16000]  # four whole swings
    rising = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    periods = np.diff(rising + sound[rising] / (sound[rising] - sound[rising + 1]))
    cents = 1200 * np.log2(tiny_audio.sample_rate / periods / 440)
    assert abs(np.mean(cents)) < 2
    assert cents.max() == pytest.approx(40, abs=4)
    assert cents.min() == pytest.approx(-40, abs=4)


def test_envelopes_differ_from_plucked_to_swelling(tiny_audio: Audio) -> None:
    audio = tiny_audio.model_copy(update={"segment_seconds": 2.0})
    balance = []
    for number in range(100):
        sound = render(note(60, end=2.0), draw_preset(SEED, number), audio)
        half = len(sound) // 2
        first, second = np.mean(sound[:half] ** 2), np.mean(sound[half:] ** 2)
        balance.append(10 * np.log10(second / first + 1e-12))
    assert np.percentile(balance, 10) < -15
    assert np.percentile(balance, 95) > 1
