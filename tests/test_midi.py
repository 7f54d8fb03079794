"""MIDI files: what was written is read, however it was written."""

import io
from collections.abc import Callable

import mido
import numpy as np
import pytest

from audio import midi
from audio.midi import MidiError
from audio.notes import Track
from tests.conftest import midi_bytes, random_midi, two_bars

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def raw(*tracks: list[mido.Message]) -> bytes:
    """A MIDI file message by message, 480 ticks a quarter."""
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def on(pitch: int, velocity: int, ticks: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=velocity, time=ticks, channel=channel)


def off(pitch: int, ticks: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, time=ticks, channel=channel)


def program(number: int, channel: int = 0) -> mido.Message:
    return mido.Message("program_change", program=number, channel=channel)


def tempo(microseconds: int, ticks: int) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=microseconds, time=ticks)


def plain(tracks: list[Track]) -> list[tuple[int, bool, list[tuple[float, ...]]]]:
    """Tracks for comparison; readers may order those of one file differently."""
    return sorted((t.program, bool(t.is_drum), t.notes.tolist()) for t in tracks)


def test_what_was_written_is_read() -> None:
    melody, bass = midi.read(two_bars())
    assert (melody.program, bass.program) == (0, 32)
    assert melody.notes.tolist() == [(p, 90, i / 2, i / 2 + 0.5) for i, p in enumerate(SCALE)]
    assert bass.notes.tolist() == [(36, 70, 0.0, 2.0), (43, 70, 2.0, 4.0)]


def test_drums_are_told_apart() -> None:
    tracks = midi.read(midi_bytes((0, True, [(36, 90, 0, 1)]), (5, False, [(36, 90, 0, 1)])))
    assert [(track.program, track.is_drum) for track in tracks] == [(0, True), (5, False)]


def test_notes_without_length_are_dropped() -> None:
    (track,) = midi.read(midi_bytes((0, False, [(60, 90, 1, 1), (62, 80, 1, 3)])))
    assert track.notes.tolist() == [(62, 80, 1.0, 3.0)]


def test_tracks_without_notes_are_dropped() -> None:
    tracks = midi.read(midi_bytes((0, False, [(60, 90, 1, 1)]), (9, False, [(62, 80, 1, 3)])))
    assert [track.program for track in tracks] == [9]


def test_overlapping_notes_of_one_pitch_end_in_the_order_they_began() -> None:
    (track,) = midi.read(midi_bytes((0, False, [(60, 90, 0, 1), (60, 80, 0.5, 2)])))
    assert track.notes.tolist() == [(60, 90, 0.0, 1.0), (60, 80, 0.5, 2.0)]


def test_times_follow_the_tempo() -> None:
    (track,) = midi.read(
        raw([tempo(500_000, 0), tempo(1_000_000, 480)], [on(60, 90, 240), off(60, 480)])
    )
    assert track.notes.tolist() == [(60, 90, 0.25, 1.0)]


FILES: dict[str, Callable[[], bytes]] = {
    "two bars": two_bars,
    "random": lambda: random_midi(1),
    "drums": lambda: midi_bytes((0, True, [(36, 90, 0, 1)]), (5, False, [(36, 90, 0, 1)])),
    "an odd tempo": lambda: midi_bytes((3, False, [(60, 90, 0.1, 0.7)]), tempo=93),
    "notes without length": lambda: midi_bytes((0, False, [(60, 90, 1, 1), (62, 80, 1, 3)])),
    "tempo changes": lambda: raw(
        [tempo(500_000, 0), tempo(250_000, 480), tempo(750_001, 333)],
        [on(60, 90, 100), off(60, 700), on(62, 50, 20), off(62, 500)],
    ),
    "a program in each channel": lambda: raw(
        [
            program(3), program(9, 1), on(60, 90, 0), on(61, 90, 0, 1), off(60, 480),
            off(61, 10, 1), program(4), on(64, 90, 0), off(64, 480),
        ]
    ),
    "one program in two tracks": lambda: raw(
        [on(60, 90, 0), off(60, 480)], [on(62, 90, 480), off(62, 480)]
    ),
    "a note that never ends": lambda: raw([on(60, 90, 0), on(62, 90, 480), off(62, 480)]),
    "a pitch struck as it ends": lambda: raw(
        [on(60, 90, 0), on(60, 80, 480), off(60, 0), off(60, 9)]
    ),
    "note-on of velocity 0": lambda: raw([on(60, 90, 0), on(60, 0, 480)]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_both_readers_find_the_same(name: str) -> None:
    data = FILES[name]()
    assert plain(midi.read(data)) == plain(midi.read_pretty_midi(data))


def test_what_one_reader_refuses_the_other_may_read() -> None:
    data = bytearray(two_bars())
    data[9] = 5  # a format that there is not
    assert plain(midi.read(bytes(data))) == plain(midi.read(two_bars()))


@pytest.mark.parametrize("data", [b"", b"MThd", b"garbage " * 10, two_bars()[:60]])
def test_garbage_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(MidiError):
        midi.read(data)
    assert midi.piece(data) is None


def test_no_damage_leads_to_another_error() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(two_bars())
        for place in rng.integers(len(data), size=3):
            data[place] = rng.integers(256)
        midi.piece(bytes(data))


def test_a_file_without_notes_is_a_piece_without_tracks() -> None:
    piece = midi.piece(raw([tempo(500_000, 0)]))
    assert piece is not None
    assert piece[1] == []


def test_a_piece_is_named_by_what_it_plays() -> None:
    fast, slow = (midi_bytes((0, False, [(60, 90, 0, 1)]), tempo=t) for t in (120, 60))
    assert fast != slow
    names = [piece[0] for data in (fast, slow) if (piece := midi.piece(data))]
    assert names[0] == names[1]
