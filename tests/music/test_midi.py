"""MIDI files: what was written is read as pretty_midi reads it, and damage is one kind of error."""

from typing import Any

import mido
import numpy as np
import pytest

from tests.conftest import midi_bytes, two_bars
from tests.music.test_midi_events import NOTE, Message, off, on, raw, tempo, with_track
from timbre.core.notes import Track
from timbre.music import midi
from timbre.music.midi import MidiError
from timbre.music.midi_events import decode
from timbre.music.standard_midi import sequence

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def test_what_was_written_is_read() -> None:
    melody, bass = midi.read(two_bars())
    assert (melody.program, bass.program) == (0, 32)
    assert melody.notes.tolist() == [(p, 90, i / 2, i / 2 + 0.5) for i, p in enumerate(SCALE)]
    assert bass.notes.tolist() == [(36, 70, 0.0, 2.0), (43, 70, 2.0, 4.0)]


def test_drums_are_told_apart() -> None:
    tracks = midi.read(midi_bytes((0, True, [(36, 90, 0, 1)]), (5, False, [(36, 90, 0, 1)])))
    assert [(track.program, track.is_drum) for track in tracks] == [(0, True), (5, False)]


def test_tracks_without_notes_are_dropped() -> None:
    tracks = midi.read(midi_bytes((0, False, [(60, 90, 1, 1)]), (9, False, [(62, 80, 1, 3)])))
    assert [track.program for track in tracks] == [9]
    assert midi.read(raw([tempo(500_000, 0)])) == []


@pytest.mark.parametrize(
    ("tempos", "start", "end"),
    [
        ([], 0.25, 1.0),
        ([tempo(500_000, 0), tempo(1_000_000, 480)], 0.25, 1.5),
        ([tempo(250_000, 0), tempo(1_000_000, 0)], 0.5, 2.0),
        ([tempo(1_000_000, 240)], 0.25, 1.75),
        ([tempo(250_000, 480), tempo(1_000_000, 0), tempo(2_000_000, 480)], 0.25, 1.5),
        ([tempo(1_000_000, 960)], 0.25, 1.0),
    ],
)
def test_times_follow_the_tempo(tempos: list[Message], start: float, end: float) -> None:
    (track,) = midi.read(raw(tempos, [on(60, 90, 240), off(60, 720), tempo(1, 0)]))
    assert track.notes.tolist() == [(60, 90, start, end)]


@pytest.mark.parametrize("track", [0, 1, 2])
def test_tempos_count_on_whatever_track_they_stand(track: int) -> None:
    tracks: list[list[Message]] = [[], [on(60, 90, 240), off(60, 480)], []]
    tracks[track].insert(0, tempo(1_000_000, 0))
    ((note,),) = (found.notes.tolist() for found in midi.read(raw(*tracks)))
    assert note == (60, 90, 0.5, 1.5)


@pytest.mark.parametrize(
    ("stated", "ticks", "seconds"),
    [(24, 1, 1 / 24), (25, 40, 0.001), (29, 7, 1.001 / 210), (30, 255, 1 / 7650)],
)
def test_frames_of_film_are_exact_times(stated: int, ticks: int, seconds: float) -> None:
    data = bytearray(raw([tempo(100_000, 0), on(60, 90, 200), off(60, 500_000)]))
    data[12:14] = bytes([256 - stated, ticks])
    ((note,),) = (found.notes.tolist() for found in midi.read(bytes(data)))
    assert note[2:] == pytest.approx((200 * seconds, 500_200 * seconds), rel=1e-6)


@pytest.mark.parametrize(("kind", "stated"), [(1, 0), (1, 1), (1, 9), (2, 2), (3, 2), (0x7001, 2)])
def test_tracks_are_those_that_are_there_whatever_the_header_states(kind: int, stated: int) -> None:
    data = bytearray(raw([on(60, 90, 0), off(60, 480)], [on(62, 90, 0), off(62, 480)]))
    right = midi.read(bytes(data))
    data[8:12] = kind.to_bytes(2, "big") + stated.to_bytes(2, "big")
    assert_same(midi.read(bytes(data)), right)


def test_more_tracks_than_a_header_can_state_are_read_or_refused() -> None:
    data = with_track(NOTE) + b"MTrk\0\0\0\0" * 70_000
    assert_same(midi.read(data), midi.read(with_track(NOTE)))


def test_a_file_wrapped_in_riff_is_read_as_the_bare_one() -> None:
    size = len(two_bars()).to_bytes(4, "little")
    wrapped = b"RIFF" + bytes(4) + b"RMIDdata" + size + two_bars()
    assert_same(midi.read(wrapped), midi.read(two_bars()))


@pytest.mark.parametrize(
    "head",
    [
        b"data" + bytes(4),  # of a writer that broke off
        b"DISP\5\0\0\0abcde" + b"data\xff\0\0\0",  # without the byte that fills it up
    ],
)
def test_riff_whose_sizes_are_wrong_is_read_as_the_bare_file(head: bytes) -> None:
    assert_same(midi.read(b"RIFF" + bytes(4) + b"RMID" + head + two_bars()), midi.read(two_bars()))


def test_a_last_track_that_states_more_bytes_than_there_are_has_those() -> None:
    data = two_bars()
    at = data.rindex(b"MTrk") + 4
    longer = data[:at] + b"\0\xff\xff\xff" + data[at + 4 :]
    assert sequence(longer).data == sequence(data).data


@pytest.mark.parametrize("name", [b"XFIH", b"mtrk"])
@pytest.mark.parametrize("place", ["first", "last"])
def test_chunks_that_makers_add_are_passed_over(name: bytes, place: str) -> None:
    added = name + b"\0\0\0\3abc"
    data = two_bars()
    with_it = data + added if place == "last" else data[:14] + added + data[14:]
    assert sequence(with_it).data == sequence(data).data
    assert_same(midi.read(with_it), midi.read(data))


@pytest.mark.parametrize(
    "events",
    [
        b"\0\xff\x59\2\x63\0",  # a key of 99 sharps
        b"\0\xff\x58\1\4",  # half a time signature
        b"\0\xf0\2\x80\xf7",  # system exclusive that is none
    ],
)
def test_what_pretty_midi_refuses_for_something_that_is_no_note_is_read(events: bytes) -> None:
    with pytest.raises(MidiError):
        midi.read_pretty_midi(with_track(events + NOTE))
    assert_same(midi.read(with_track(events + NOTE)), midi.read(with_track(NOTE)))


@pytest.mark.parametrize(
    "events",
    [
        b"\0\xf6" + NOTE,  # a message that does not belong into files
        b"\x80\x80\x80\x80\0" + NOTE[1:],  # a number of five bytes
    ],
)
def test_what_is_not_decoded_pretty_midi_may_read(events: bytes) -> None:
    assert decode(with_track(events)) is None
    assert_same(midi.read(with_track(events)), midi.read(with_track(NOTE)))


def any_message(rng: np.random.Generator, ticks: int, channels: list[int]) -> Message:
    """One event, such that a few pitches are often struck while they sound."""
    rests = (0, 0, 0, 0, 1, 7, ticks // 3, ticks, 2 * ticks)
    time, number = int(rng.choice(rests)), int(rng.integers(128))
    channel: dict[str, Any] = {"channel": int(rng.choice(channels)), "time": time}
    pitch = {"note": 60 + int(rng.integers(3)), **channel}
    text = {"text": "any \xff", "time": time}
    kinds = [
        *[lambda: mido.Message("note_on", velocity=number, **pitch)] * 9,
        lambda: mido.Message("note_on", velocity=0, **pitch),
        *[lambda: mido.Message("note_off", velocity=number, **pitch)] * 7,
        lambda: mido.Message("program_change", program=number % 3, **channel),
        lambda: mido.Message("control_change", control=7, value=number, **channel),
        lambda: mido.Message("pitchwheel", pitch=number, **channel),
        lambda: mido.Message("polytouch", value=number, **pitch),
        lambda: mido.Message("aftertouch", value=number, **channel),
        lambda: mido.Message("sysex", data=[number] * 3, time=time),
        lambda: mido.MetaMessage("set_tempo", tempo=200_000 + 5001 * number, time=time),
        lambda: mido.MetaMessage(str(rng.choice(["text", "lyrics", "marker"])), **text),
        lambda: mido.MetaMessage("time_signature", numerator=3, denominator=8, time=time),
        lambda: mido.MetaMessage("key_signature", key="F#m", time=time),
        lambda: mido.UnknownMetaMessage(0x70, data=[number] * number),
    ]
    return kinds[int(rng.integers(len(kinds)))]()


def any_file(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    ticks, kind = int(rng.choice([24, 96, 480, 960])), int(rng.integers(2))
    channels = rng.choice(16, 2, replace=False).tolist() + [9] * int(rng.integers(2))
    tracks = [
        [any_message(rng, ticks, channels) for _ in range(int(rng.integers(1, 70)))]
        for _ in range(int(rng.integers(1, 5)) if kind else 1)
    ]
    for track in tracks[1:]:  # whose tempos pretty_midi does not count
        track[:] = [message for message in track if message.type != "set_tempo"]
    return raw(*tracks, kind=kind, ticks=ticks)


def assert_same(found: list[Track], expected: list[Track]) -> None:
    assert [track[:2] for track in found] == [track[:2] for track in expected]
    for one, other in zip(found, expected, strict=True):
        for field in ("pitch", "velocity"):
            assert one.notes[field].tolist() == other.notes[field].tolist()
        for field in ("start", "end"):
            np.testing.assert_allclose(one.notes[field], other.notes[field], rtol=0, atol=1e-4)


def test_pretty_midi_finds_the_same_in_any_file() -> None:
    count = drums = 0
    for seed in range(150):
        data = any_file(seed)
        assert decode(data) is not None
        found = midi.read(data)
        assert_same(found, midi.read_pretty_midi(data))
        count += sum(len(track.notes) for track in found)
        drums += sum(track.is_drum for track in found)
    assert count > 1000
    assert drums > 50


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Up to three bytes changed, and by chance one cut out or put in, or the end cut off."""
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(len(damaged)))
        length = int(rng.choice([0, 1, 2], p=[0.05, 0.9, 0.05]))
        damaged[start : start + 1] = rng.bytes(length)
    return bytes(damaged[: None if rng.random() < 0.9 else int(rng.integers(len(damaged)))])


def assert_sound(tracks: list[Track]) -> None:
    """Whether these are notes, whatever they were read from."""
    for track in tracks:
        start, end = track.notes["start"], track.notes["end"]
        assert 0 <= track.program < 128
        assert len(start) > 0
        assert np.isfinite(end).all()
        assert (np.diff(start) >= 0).all()
        assert ((start >= 0) & (end >= start)).all()
        assert (track.notes["pitch"] < 128).all()
        assert ((track.notes["velocity"] > 0) & (track.notes["velocity"] < 128)).all()


def test_damage_is_one_kind_of_error_or_none() -> None:
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(300):
        try:
            assert_sound(midi.read(damaged(any_file(number), rng)))
        except MidiError:
            refused += 1
    assert 50 < refused < 250


def test_any_bytes_behind_a_head_are_one_kind_of_error_or_none() -> None:
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(300):
        events = NOTE + rng.bytes(int(rng.integers(30)))
        try:
            assert_sound(midi.read(with_track(events, division=rng.bytes(2))))
            read += 1
        except MidiError:
            continue
    assert 0 < read < 300


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF", b"garbage " * 10, two_bars()[:60]])
def test_garbage_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(MidiError):
        midi.read(data)


@pytest.mark.parametrize("division", [b"\0\0", b"\xe7\0", b"\x80\0", b"\xff\x28"])
def test_times_in_no_unit_of_the_standard_are_refused(division: bytes) -> None:
    with pytest.raises(MidiError):
        midi.read(with_track(NOTE, division))
