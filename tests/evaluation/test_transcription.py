"""Transcription: the notes that were played are heard, others are not."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import FONT, NoteTuple
from timbre.core.notes import Notes, notes_from_columns, transpose
from timbre.core.params import Audio
from timbre.evaluation.metrics.basic_pitch import SAMPLE_RATE as OWN_RATE
from timbre.evaluation.metrics.basic_pitch import WINDOW_SAMPLES, BasicPitch
from timbre.evaluation.metrics.transcription import note_f1
from timbre.synthesis.synth import Synth, Synthesis

SAMPLE_RATE = 16_000
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


@cache
def network() -> BasicPitch:
    return BasicPitch()


def heard(sound: NDArray[np.float64]) -> Notes:
    return network()(sound.astype(np.float32), SAMPLE_RATE).notes


@pytest.mark.parametrize("program", [PIANO, GUITAR, VIOLIN, TRUMPET, FLUTE])
def test_the_notes_that_were_played_are_heard_and_no_others(render: Render, program: int) -> None:
    estimated = heard(render(TUNE, program))
    shuffled = TUNE.copy()
    shuffled["pitch"] = np.roll(TUNE["pitch"], 3)
    onset, offset = note_f1(estimated, TUNE)
    assert onset > 0.6
    assert 0 <= offset <= onset
    assert note_f1(estimated, shuffled)[0] < 0.2
    for semitones in (-1, 1):
        assert note_f1(estimated, transpose(TUNE, semitones))[0] < 0.1


def test_a_shift_shifts_the_notes(render: Render) -> None:
    sound, seconds = render(TUNE, PIANO), 1.3
    after = heard(np.concatenate([np.zeros(round(seconds * SAMPLE_RATE)), sound]))
    assert note_f1(after, shifted(TUNE, seconds))[0] > 0.7
    assert note_f1(after, TUNE)[0] < 0.3


def test_times_do_not_drift_from_window_to_window(render: Render) -> None:
    """However many windows of the network lie before it, a note is heard when it sounds."""
    sound = render(STRUCK, GUITAR)
    for windows in (0, 8):
        seconds = windows * WINDOW_SAMPLES / OWN_RATE
        found = heard(np.concatenate([np.zeros(round(seconds * SAMPLE_RATE)), sound]))
        assert found["start"] - seconds == pytest.approx(STRUCK["start"], abs=0.04)


def shifted(true: Notes, seconds: float) -> Notes:
    moved = true.copy()
    for field in ("start", "end"):
        moved[field] += seconds
    return moved


def test_a_note_struck_again_is_another_note(render: Render) -> None:
    assert note_f1(heard(render(STRUCK, GUITAR)), STRUCK)[0] == 1


def test_silence_has_no_notes() -> None:
    assert len(heard(np.zeros(SAMPLE_RATE))) == 0


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
