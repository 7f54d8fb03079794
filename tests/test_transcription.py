"""Transcription: the notes that were played are heard, others are not."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import FONT, NoteTuple
from timbre.core.notes import Notes, notes_from_columns, transpose
from timbre.core.params import Audio
from timbre.evaluation.metrics.pitch import pitches
from timbre.evaluation.metrics.transcription import GAP, note_f1, transcribe
from timbre.synthesis.synth import Synth, Synthesis

RATE, HOP = 16_000, 512
PIANO, GUITAR, VIOLIN, TRUMPET, FLUTE = 0, 24, 40, 56, 73
Render = Callable[[Notes, int], NDArray[np.float64]]


def notes(*rows: NoteTuple) -> Notes:
    return notes_from_columns(*(zip(*rows, strict=True) if rows else ((),) * 4))


TUNE = notes(
    *((pitch, 90, 0.2 + 0.4 * number, 0.55 + 0.4 * number)
      for number, pitch in enumerate((60, 64, 67, 72, 71, 67, 65, 62))),
    *((pitch, 90, 0.2 + 1.6 * number, 1.7 + 1.6 * number) for number, pitch in enumerate((45, 50))),
)  # fmt: skip
STRUCK = notes(*((60, 90, start, start + 0.5) for start in (0.5, 1.0, 1.5)))


@pytest.fixture(scope="module")
def render(tiny_audio: Audio, synthesis_settings: Synthesis) -> Iterator[Render]:
    audio = tiny_audio.model_copy(update={"segment_seconds": 4.096})
    with Synth(FONT, audio, synthesis_settings) as synth:
        yield synth.render


def heard(sound: NDArray[np.float64]) -> Notes:
    return transcribe(pitches(sound, RATE, HOP), sound, RATE, HOP)


@pytest.mark.parametrize("program", [PIANO, GUITAR, VIOLIN, TRUMPET, FLUTE])
def test_the_notes_that_were_played_are_heard_and_no_others(render: Render, program: int) -> None:
    estimated = heard(render(TUNE, program))
    shuffled = TUNE.copy()
    shuffled["pitch"] = np.roll(TUNE["pitch"], 3)
    onset, offset = note_f1(estimated, TUNE)
    assert onset > 0.7
    assert 0 < offset <= onset
    assert note_f1(estimated, shuffled)[0] < 0.2
    for semitones in (-1, 1):
        assert note_f1(estimated, transpose(TUNE, semitones))[0] < 0.1


def test_a_shift_by_whole_hops_shifts_the_notes(render: Render) -> None:
    sound, hops = render(TUNE, PIANO), 5
    before = heard(sound)
    after = heard(np.concatenate([np.zeros(hops * HOP), sound]))
    assert len(after) == len(before) > 0
    assert np.array_equal(after["pitch"], before["pitch"])
    for field in ("start", "end"):
        assert after[field] == pytest.approx(before[field] + hops * HOP / RATE, abs=1e-5)


def test_the_level_does_not_matter(render: Render) -> None:
    sound = render(TUNE, GUITAR)
    assert np.array_equal(heard(sound / 8), heard(sound))


def test_a_note_struck_again_is_another_note(render: Render) -> None:
    assert note_f1(heard(render(STRUCK, GUITAR)), STRUCK)[0] == 1


def test_a_note_an_octave_higher_does_not_strike_the_lower_one_again(render: Render) -> None:
    octave = notes((55, 90, 0.5, 2.5), (67, 90, 1.5, 2.5))
    assert note_f1(heard(render(octave, GUITAR)), octave)[0] == 1


def test_a_short_absence_does_not_end_a_note() -> None:
    time = np.arange(2 * RATE) / RATE
    sound = sum(np.sin(2 * np.pi * 440 * n * time) / n for n in (1, 2, 3)) * (time > 0.5)
    found = np.zeros((128, 2 * RATE // HOP), bool)
    found[69, RATE // 2 // HOP :] = True
    found[69, 30 : 30 + GAP] = False
    assert transcribe(found, sound, RATE, HOP)["pitch"].tolist() == [69]
    found[69, 30 : 31 + GAP] = False
    shorter = transcribe(found, sound, RATE, HOP)  # it comes back without being struck
    assert shorter["pitch"].tolist() == [69]
    assert shorter["end"] == pytest.approx(30 * HOP / RATE, abs=0.1)


def test_silence_has_no_notes() -> None:
    assert len(heard(np.zeros(RATE))) == 0


def test_a_note_counts_by_its_pitch_and_onset_and_then_by_its_offset() -> None:
    true = notes((60, 80, 0, 1), (62, 80, 1, 2), (64, 80, 2, 3), (65, 80, 3, 4))
    estimated = notes(
        (60, 80, 0.04, 1.1),  # right
        (62, 80, 1.0, 1.5),  # ends too soon
        (64, 80, 2.06, 3),  # begins too late
    )
    assert note_f1(estimated, true) == pytest.approx((2 * 2 / 7, 2 * 1 / 7))
    assert note_f1(transpose(estimated, 1), true) == (0, 0)


def test_a_true_note_is_found_once() -> None:
    true = notes((60, 80, 0, 1))
    assert note_f1(notes((60, 80, 0, 1), (60, 80, 0.01, 1)), true) == pytest.approx((2 / 3, 2 / 3))


def test_notes_without_length_count_too() -> None:
    instant = notes((60, 80, 1, 1))
    assert note_f1(instant, instant) == (1, 1)


def test_nothing_is_right_only_where_there_is_nothing() -> None:
    none, one = notes(), notes((60, 80, 0, 1))
    assert note_f1(none, none) == (1, 1)
    assert note_f1(none, one) == note_f1(one, none) == (0, 0)
