"""Notes: cut, moved and named."""

import numpy as np
import pytest

from tests.conftest import NoteTuple
from timbre.core.notes import (
    NOTE,
    Notes,
    Track,
    content_key,
    notes_by_part,
    notes_from_columns,
    piano_roll,
    segment,
    segment_numbers,
    transpose,
)


def notes(*rows: NoteTuple) -> Notes:
    return notes_from_columns(*zip(*rows, strict=True))


def test_notes_are_sorted_by_start_then_pitch() -> None:
    found = notes((64, 1, 1.0, 2.0), (67, 1, 0.0, 1.0), (60, 1, 1.0, 2.0))
    assert found["pitch"].tolist() == [67, 60, 64]


def test_no_notes_are_an_empty_array() -> None:
    empty = notes_from_columns([], [], [], [])
    assert len(empty) == 0
    assert empty.dtype == NOTE


def test_notes_by_part_are_those_of_each_part_sorted() -> None:
    rng = np.random.default_rng(0)
    columns = rng.integers(5, size=(4, 200))  # many equal ones
    part = np.concatenate([np.arange(7), rng.integers(7, size=193)])
    whole = np.empty(200, NOTE)
    for name, column in zip(("pitch", "velocity", "start", "end"), columns, strict=True):
        whole[name] = column
    parts = notes_by_part(whole, part)
    assert len(parts) == 7
    for number, found in enumerate(parts):
        assert np.array_equal(found, notes_from_columns(*columns[:, part == number]))


def test_a_segment_holds_what_begins_in_it_and_starts_at_zero() -> None:
    found = segment(notes((60, 1, 0, 9), (62, 1, 8, 9), (64, 1, 15.5, 20), (65, 1, 16, 17)), 1, 8)
    assert found.tolist() == [(62, 1, 0.0, 1.0), (64, 1, 7.5, 8.0)]


def test_cutting_a_segment_leaves_the_piece_as_it_was() -> None:
    whole = notes((60, 1, 8, 20))
    segment(whole, 1, 8)
    assert whole.tolist() == [(60, 1, 8.0, 20.0)]


def test_segments_side_by_side_hold_every_note_once() -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 24, 100)
    whole = notes_from_columns(rng.integers(128, size=100), np.full(100, 64), start, start + 1)
    parts = [segment(whole, number, 8) for number in range(3)]
    assert sum(map(len, parts)) == 100


@pytest.mark.parametrize("seconds", [0.1, 1.1, 1.6, 3.2, 7.9, 8.0, 30.0])
def test_a_note_on_a_border_is_counted_where_it_is_cut_out(seconds: float) -> None:
    border = np.arange(1, 400) * seconds
    start = np.concatenate([border, border - 2e-7, border + 2e-7, border - 1e-3]).astype("f4")
    whole = notes_from_columns(np.full(len(start), 60), np.full(len(start), 64), start, start + 1)
    counted = np.bincount(segment_numbers(whole["start"], seconds), minlength=401)
    parts = [segment(whole, number, seconds) for number in range(401)]
    assert [len(part) for part in parts] == counted.tolist()
    found = np.concatenate(parts)
    assert (found["start"] >= 0).all()
    assert (found["end"] > found["start"]).all()
    assert (found["end"] <= np.float32(seconds)).all()


def test_transposing_there_and_back_changes_nothing() -> None:
    whole = notes((60, 1, 0, 1), (72, 1, 1, 2))
    assert np.array_equal(transpose(transpose(whole, 7), -7), whole)


def test_what_is_transposed_out_of_range_is_dropped() -> None:
    assert transpose(notes((1, 1, 0, 1), (60, 1, 0, 1)), -5)["pitch"].tolist() == [55]
    assert transpose(notes((60, 1, 0, 1), (126, 1, 0, 1)), 5)["pitch"].tolist() == [65]


def test_a_piece_keeps_its_name_whatever_its_tracks_order_and_programs() -> None:
    a, b = notes((60, 90, 0, 1)), notes((36, 50, 0.5, 1))
    name = content_key([Track(0, False, a), Track(5, False, b)])
    assert name == content_key([Track(7, True, b), Track(1, False, a)])
    assert len(bytes.fromhex(name)) == 16


@pytest.mark.parametrize("other", [(61, 90, 0, 1), (60, 90, 0.02, 1.02), (60, 90, 0, 1.02)])
def test_other_notes_are_another_piece(other: NoteTuple) -> None:
    name = content_key([Track(0, False, notes((60, 90, 0, 1)))])
    assert name != content_key([Track(0, False, notes(other))])


def test_a_rounding_of_a_millisecond_is_the_same_piece() -> None:
    name = content_key([Track(0, False, notes((60, 90, 0.5, 1)))])
    assert name == content_key([Track(0, False, notes((60, 90, 0.501, 1.001)))])


def test_a_piano_roll_shows_what_sounds_in_the_middle_of_a_frame() -> None:
    roll = piano_roll(notes((60, 1, 0, 0.2), (64, 1, 0.06, 0.14)), 3, 10)
    assert roll.shape == (128, 3)
    assert roll[60].tolist() == [True, True, False]
    assert roll[64].tolist() == [False, False, False]  # between two middles
    assert roll.sum() == 2
