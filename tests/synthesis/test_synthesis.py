"""Synthesis: notes become sound, the same sound each time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import FONT, NoteTuple
from tests.tiny import ROOT
from timbre.core.errors import InputError
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.synthesis.synth import Synth, Synthesis

PIANO, STRINGS, FLUTE = 0, 48, 73


def notes(*rows: NoteTuple) -> Notes:
    return notes_from_columns(*zip(*rows, strict=True))


CHORD = notes((60, 90, 0, 0.8), (64, 90, 0.1, 0.8), (67, 90, 0.2, 2), (67, 60, 0.5, 0.7))


@pytest.fixture(scope="module")
def synth(tiny_audio: Audio, synthesis_settings: Synthesis) -> Iterator[Synth]:
    with Synth(FONT, tiny_audio, synthesis_settings) as synth:
        yield synth


def test_a_segment_has_its_length(synth: Synth, tiny_audio: Audio) -> None:
    assert synth.render(CHORD, PIANO).shape == (tiny_audio.segment_samples,)


def test_a_segment_sounds_the_same_whatever_was_rendered_before(synth: Synth) -> None:
    first = synth.render(CHORD, PIANO)
    for program in (STRINGS, FLUTE, PIANO):
        synth.render(notes((80, 127, 0, 5), (30, 127, 0.9, 5)), program)
    assert np.array_equal(synth.render(CHORD, PIANO), first)


def test_segments_sound_the_same_in_whatever_order(synth: Synth) -> None:
    high, low = notes((100, 127, 0, 5)), notes((30, 127, 0.9, 5), (31, 20, 0, 0.4))
    segments = [(part, program) for part in (CHORD, high, low) for program in (PIANO, STRINGS)]
    expected = [synth.render(*segment) for segment in segments]
    rng = np.random.default_rng(0)
    for number in np.concatenate([rng.permutation(len(segments)) for _ in range(4)]).tolist():
        assert np.array_equal(synth.render(*segments[number]), expected[number])


def test_a_segment_sounds_the_same_in_a_new_synthesizer(
    synth: Synth, tiny_audio: Audio, synthesis_settings: Synthesis
) -> None:
    with Synth(FONT, tiny_audio, synthesis_settings) as other:
        assert np.array_equal(other.render(CHORD, STRINGS), synth.render(CHORD, STRINGS))


def test_the_order_of_the_notes_does_not_matter(synth: Synth) -> None:
    assert np.array_equal(synth.render(CHORD[::-1], PIANO), synth.render(CHORD, PIANO))


def test_programs_sound_different(synth: Synth) -> None:
    assert not np.allclose(synth.render(CHORD, PIANO), synth.render(CHORD, FLUTE))


def test_no_notes_are_silence(synth: Synth) -> None:
    assert not synth.render(CHORD[:0], PIANO).any()


def test_a_note_is_silent_until_it_begins(synth: Synth, tiny_audio: Audio) -> None:
    sound = synth.render(notes((69, 100, 0.5, 0.9)), PIANO)
    begin = tiny_audio.sample_rate // 2
    assert np.abs(sound[: begin - 256]).max() < 1e-4
    assert np.abs(sound[begin:]).max() > 0.01


def test_a_note_of_no_length_is_heard(synth: Synth) -> None:
    assert synth.render(notes((69, 100, 0.5, 0.5)), PIANO).any()


def test_a_note_sounds_its_pitch(synth: Synth, tiny_audio: Audio) -> None:
    sound = synth.render(notes((81, 100, 0, 1)), FLUTE)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    loudest = spectrum.argmax() * tiny_audio.sample_rate / len(sound)
    assert 12 * np.log2(loudest / 880) == pytest.approx(0, abs=0.3)


def test_harder_is_louder(synth: Synth) -> None:
    soft, hard = (synth.render(notes((60, v, 0, 1)), PIANO) for v in (30, 120))
    assert np.sqrt(np.mean(hard**2)) > 2 * np.sqrt(np.mean(soft**2))


def test_the_interpolation_of_samples_is_heard_and_converges(
    tiny_audio: Audio, synthesis_settings: Synthesis
) -> None:
    high = notes((103, 100, 0, 1))  # above what was sampled, so that a sample is played faster
    sounds = []
    for order in (0, 1, 4, 7):
        settings = synthesis_settings.model_copy(update={"interpolation": order})
        with Synth(FONT, tiny_audio, settings) as synth:
            sounds.append(synth.render(high, FLUTE))
    *coarse, fine = sounds
    errors = [np.sqrt(np.mean((sound - fine) ** 2) / np.mean(fine**2)) for sound in coarse]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.01
    assert errors[-1] > 0


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_oversampling_changes_neither_level_nor_pitch_nor_place(
    tiny_audio: Audio, synthesis_settings: Synthesis, factor: int
) -> None:
    low = notes((57, 100, 0.256, 0.768))  # at times of whole blocks, and nothing near half the rate
    sounds = []
    for times in (1, factor):
        settings = synthesis_settings.model_copy(update={"oversampling": times})
        with Synth(FONT, tiny_audio, settings) as synth:
            sounds.append(synth.render(low, PIANO))
    assert np.sqrt(np.mean((sounds[1] - sounds[0]) ** 2)) < 0.05 * np.sqrt(np.mean(sounds[0] ** 2))


def test_a_file_that_is_no_soundfont_is_refused(
    tmp_path: Path, tiny_audio: Audio, synthesis_settings: Synthesis
) -> None:
    (tmp_path / "bad.sf2").write_bytes(b"RIFF no soundfont")
    with pytest.raises(InputError, match=r"expected a soundfont .* cannot load .*bad\.sf2"):
        Synth(tmp_path / "bad.sf2", tiny_audio, synthesis_settings)


def test_nothing_is_printed(synth: Synth, capfd: pytest.CaptureFixture[str]) -> None:
    synth.render(CHORD, PIANO)
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def noise() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=16_000)


def test_the_level_is_the_rms(noise: NDArray[np.float64]) -> None:
    quiet = at_level(noise, -24)
    assert 20 * np.log10(np.sqrt(np.mean(quiet**2))) == pytest.approx(-24)


def test_the_level_gives_way_to_the_peak(noise: NDArray[np.float64]) -> None:
    assert np.abs(at_level(noise, -3)).max() == pytest.approx(0.99)


def test_silence_has_no_level() -> None:
    assert not at_level(np.zeros(100), -24).any()


@pytest.mark.parametrize("module", ["timbre.synthesis.synth", "timbre.synthesis.zynaddsubfx"])
def test_nothing_is_printed_by_what_loads(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=os.environ | {"CI": "true"}, cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert loaded.stdout == b""
