"""MIDI files: bytes -> tracks of notes."""

import io
import warnings

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from timbre.core.notes import DRUM_CHANNEL, NOTE, Track, notes_by_part, notes_from_columns
from timbre.music.midi_events import Events, Integers, decode
from timbre.music.standard_midi import BEAT_MICROSECONDS, sequence


class MidiError(ValueError):
    """The bytes cannot be read as a MIDI file."""


def read(data: bytes) -> list[Track]:
    """The tracks of a MIDI file, drums included, times in seconds by its tempo map.

    The notes are those that pretty_midi finds, read some eighty times faster; where it is doubtful
    what a file means, pretty_midi itself has a try. What it refuses for something that is no note
    (a key signature that does not exist, say) is read all the same. As players have it, and unlike
    pretty_midi, tempos count on any track, time may be that of film, and the tracks are those that
    are there, whatever number the file states. Tracks without notes are dropped.

    Args:
        data: a standard MIDI file, bare or wrapped in RIFF.

    Raises:
        MidiError: if it cannot be read.
    """
    try:
        file = sequence(data)
        events = decode(file.data)
    except ValueError as error:
        raise MidiError(str(error)) from None
    beat = file.beat_microseconds
    if events is None and beat is None:
        return read_pretty_midi(file.data)
    if events is None:
        raise MidiError("a file in film time that is damaged")
    if beat is not None:  # which its tempos do not change
        events = events._replace(tempos=np.array([[0], [beat]]))
    return _tracks(events)


def _tracks(events: Events) -> list[Track]:
    """A track for each program of each channel of each track of the file."""
    track, channel, program, pitch, velocity, first, last = events.notes
    if not len(pitch):
        return []
    notes = np.empty(len(pitch), NOTE)
    notes["pitch"], notes["velocity"] = pitch, velocity
    notes["start"], notes["end"] = _seconds(first, events), _seconds(last, events)
    keys, begun, part = np.unique(
        (track * 16 + channel) * 128 + program, return_index=True, return_inverse=True
    )
    parts = notes_by_part(notes, part)
    return [
        Track(int(keys[i] % 128), bool(keys[i] // 128 % 16 == DRUM_CHANNEL), parts[i])
        for i in np.argsort(begun)  # as they come in the file
    ]


def _seconds(ticks: Integers, events: Events) -> NDArray[np.float64]:
    """Times of ticks: 120 beats a minute until the first tempo, each tempo until the next."""
    starts, lengths = [0], [BEAT_MICROSECONDS / 1e6 / events.ticks_per_beat]
    for tick, tempo in events.tempos.T.tolist():
        starts.append(tick)
        lengths.append(tempo / 1e6 / events.ticks_per_beat)
    begun = np.concatenate([[0.0], np.cumsum(np.diff(starts) * lengths[:-1])])
    tempo = np.searchsorted(starts, ticks, side="right") - 1
    within = ticks - np.array(starts)[tempo]
    return np.asarray(begun[tempo] + within * np.array(lengths)[tempo], np.float64)


def read_pretty_midi(data: bytes) -> list[Track]:
    """The same by pretty_midi: the second try, and what the tests compare with.

    Raises:
        MidiError: with its reason, if it cannot read the file either.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tempo events on other tracks than the first: harmless
        try:
            midi = pretty_midi.PrettyMIDI(io.BytesIO(data))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  (it raises whatever a malformed byte leads to)
            raise MidiError(f"{type(error).__name__}: {error}") from None
    tracks = []
    for instrument in midi.instruments:
        rows = [(note.pitch, note.velocity, note.start, note.end) for note in instrument.notes]
        if not rows:
            continue
        columns = np.array(rows, float).T
        if not (np.isfinite(columns).all() and (columns[2] >= 0).all()):
            raise MidiError("times that run backwards")
        tracks.append(
            Track(int(instrument.program), instrument.is_drum, notes_from_columns(*columns))
        )
    return tracks
