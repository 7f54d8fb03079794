"""Notes: what is played, apart from how it sounds."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# pitch and velocity are MIDI numbers 0-127, start and end seconds
NOTE = np.dtype([("pitch", "u1"), ("velocity", "u1"), ("start", "f4"), ("end", "f4")])

Notes = NDArray[np.void]  # (N,) of NOTE

DRUM_CHANNEL = 9  # from 0, as General MIDI has it


class Track(NamedTuple):
    """The notes of one instrument in one piece."""

    program: int  # General MIDI, 0-127
    is_drum: bool
    notes: Notes  # sorted by start, then pitch


def notes_from_columns(pitch: object, velocity: object, start: object, end: object) -> Notes:
    """Notes from four equally long columns, sorted by start, then pitch, then end."""
    notes = np.empty(len(np.asarray(pitch)), NOTE)
    notes["pitch"], notes["velocity"], notes["start"], notes["end"] = pitch, velocity, start, end
    return notes[np.lexsort(_keys(notes))]


def notes_by_part(notes: Notes, part: NDArray[np.integer]) -> list[Notes]:
    """The notes of part 0, 1, 2 ..., each sorted as `notes_from_columns` does, in one sort."""
    notes = notes[np.lexsort((*_keys(notes), part))]
    return np.split(notes, np.cumsum(np.bincount(part))[:-1])


def _keys(notes: Notes) -> tuple[Notes, ...]:
    """Sort keys of notes, the first at last, as `np.lexsort` wants them."""
    return notes["velocity"], notes["end"], notes["pitch"], notes["start"]


def segment_numbers(times: NDArray[np.floating], seconds: float) -> NDArray[np.int64]:
    """Numbers of the segments, from 0, in which times lie: the one rule for where segments end.

    It counts in whole microseconds, so that no rounding of a length such as 1.6 s lets two
    calculations disagree on a note at a border.

    Args:
        times: s, 0 or more.
        seconds: length of a segment, a microsecond or more.
    """
    unit = 1e6  # a second
    return np.rint(times.astype(np.float64) * unit).astype(np.int64) // round(seconds * unit)


def segment(notes: Notes, number: int, seconds: float) -> Notes:
    """The notes that begin in a segment, moved to time 0 and cut at its end.

    Args:
        notes: of a piece.
        number: of the segment, as `segment_numbers` counts.
        seconds: its length.
    """
    inside: Notes = notes[segment_numbers(notes["start"], seconds) == number].copy()
    before_end = np.nextafter(np.float32(seconds), np.float32(0))
    for name, last in (("start", before_end), ("end", np.float32(seconds))):
        moved = inside[name].astype(np.float64) - number * seconds
        inside[name] = np.clip(moved.astype(np.float32), 0, last)
    return inside


def transpose(notes: Notes, semitones: int) -> Notes:
    """Notes moved by `semitones`; those that leave the MIDI range 0-127 are dropped."""
    pitch = notes["pitch"].astype(int) + semitones
    inside = (pitch >= 0) & (pitch <= 127)
    moved = notes[inside].copy()
    moved["pitch"] = pitch[inside]
    return moved


def content_key(tracks: list[Track]) -> str:
    """Fingerprint of what a piece plays: equal notes, equal name, whatever the file is called.

    Times are taken in units of 10 ms, so that a file saved again by another program keeps its name.
    """
    digest = hashlib.sha256()
    for notes in sorted(_grid(track.notes).tobytes() for track in tracks if len(track.notes)):
        digest.update(len(notes).to_bytes(8, "little") + notes)
    return digest.hexdigest()[:32]


def _grid(notes: Notes) -> NDArray[np.int32]:
    """`(N, 3)`: start in 10 ms, pitch, duration in 10 ms."""
    start = np.rint(notes["start"] * 100)
    duration = np.rint((notes["end"] - notes["start"]) * 100)
    rows = np.stack([start, notes["pitch"], duration], axis=1).astype("<i4")
    return rows[np.lexsort(rows.T[::-1])]


def piano_roll(notes: Notes, frames: int, frames_per_second: float) -> NDArray[np.bool_]:
    """Piano roll `(128, frames)`: which pitches sound at the middle of each frame."""
    middle = (np.arange(frames) + 0.5) / frames_per_second
    roll = np.zeros((128, frames), bool)
    for note in notes:
        roll[note["pitch"]] |= (middle >= note["start"]) & (middle < note["end"])
    return roll
