"""MIDI files: bytes -> tracks of notes."""

import io
import warnings
from collections import defaultdict

import numpy as np
import pretty_midi
import symusic

from audio.notes import Track, content_key, notes_from_columns


class MidiError(ValueError):
    """The bytes cannot be read as a MIDI file."""


def read(data: bytes) -> list[Track]:
    """The tracks of a MIDI file, drums included, times in seconds by its tempo map.

    symusic reads it; what symusic refuses, pretty_midi tries. Notes without length are dropped,
    as pretty_midi drops them, and so are tracks without notes.

    Raises:
        MidiError: if neither can read it.
    """
    try:
        return _read_symusic(data)
    except (RuntimeError, ValueError) as error:
        try:
            return read_pretty_midi(data)
        except Exception:  # noqa: BLE001  (it raises whatever a malformed byte leads to)
            raise MidiError(str(error)) from None


def piece(data: bytes) -> tuple[str, list[Track]] | None:
    """A piece's name by content and its tracks, or None if the file cannot be read."""
    try:
        tracks = read(data)
    except MidiError:
        return None
    return content_key(tracks), tracks


def _read_symusic(data: bytes) -> list[Track]:
    """Read with symusic: a track for each program of each channel of each track of the file."""
    score = symusic.Score.from_midi(data).to("second")  # type: ignore[attr-defined]
    tracks = []
    for track in score.tracks:
        columns = track.notes.numpy()
        long = columns["duration"] > 0
        if not long.any():
            continue
        start = columns["time"][long].astype(np.float64)
        notes = notes_from_columns(
            columns["pitch"][long],
            columns["velocity"][long],
            start,
            start + columns["duration"][long],
        )
        tracks.append(Track(track.program, track.is_drum, notes))
    return tracks


def read_pretty_midi(data: bytes) -> list[Track]:
    """The same by pretty_midi, slower: the second try, and what the tests compare with.

    They differ in overlapping notes of one pitch, which it ends all at once at the first note-off;
    symusic ends them in the order they began.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tempo events on other tracks than the first: harmless
        midi = pretty_midi.PrettyMIDI(io.BytesIO(data))
    tracks = []
    for instrument in midi.instruments:
        columns = defaultdict(list)
        for note in instrument.notes:
            for name in ("pitch", "velocity", "start", "end"):
                columns[name].append(getattr(note, name))
        if columns:
            notes = notes_from_columns(**columns)
            tracks.append(Track(int(instrument.program), instrument.is_drum, notes))
    return tracks
