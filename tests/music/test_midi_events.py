"""Notes out of the bytes of a MIDI file: the rules one by one, in ticks."""

import io

import mido
import pytest

from tests.conftest import two_bars
from timbre.music.midi import MidiError, read_pretty_midi
from timbre.music.midi_events import FAULTS, MAX_TICK, FaultError, decode

Message = mido.Message | mido.MetaMessage
TICKS = 480  # a quarter, half a second


def raw(*tracks: list[Message], kind: int = 1, ticks: int = TICKS) -> bytes:
    """A MIDI file message by message."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def with_track(events: bytes, division: bytes = b"\1\xe0", before: bytes = b"") -> bytes:
    """A MIDI file of one track byte by byte, behind other chunks."""
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1]) + division
    return head + before + b"MTrk" + len(events).to_bytes(4, "big") + events


def on(pitch: int, velocity: int, ticks: int, channel: int = 0) -> Message:
    return mido.Message("note_on", note=pitch, velocity=velocity, time=ticks, channel=channel)


def off(pitch: int, ticks: int, channel: int = 0) -> Message:
    return mido.Message("note_off", note=pitch, time=ticks, channel=channel)


def program(number: int, channel: int = 0) -> Message:
    return mido.Message("program_change", program=number, channel=channel)


def tempo(microseconds: int, ticks: int) -> Message:
    return mido.MetaMessage("set_tempo", tempo=microseconds, time=ticks)


NOTE = b"\0\x90\x3c\x5a\x60\x3c\0"  # by running status and a note-on of velocity 0

# track, channel, program, pitch, velocity, first tick, last tick
RULES: dict[str, tuple[bytes, list[tuple[int, ...]]]] = {
    "an off ends all that began earlier": (
        raw([on(60, 90, 0), on(60, 80, 240), off(60, 240)]),
        [(0, 0, 0, 60, 90, 0, 480), (0, 0, 0, 60, 80, 240, 480)],
    ),
    "it ends no other pitch, channel or track": (
        raw([on(60, 90, 0), off(61, 9), off(60, 9, 1), off(60, 9)], [off(60, 5)]),
        [(0, 0, 0, 60, 90, 0, 27)],
    ),
    "a second off ends nothing": (
        raw([on(60, 90, 0), off(60, 9), off(60, 9)]),
        [(0, 0, 0, 60, 90, 0, 9)],
    ),
    "a note is of the program that its channel has in the end": (
        raw([program(3), program(7, 1), on(60, 90, 0), program(9), off(60, 480)], [
            on(62, 90, 0), off(62, 480)
        ]),
        [(0, 0, 9, 60, 90, 0, 480), (1, 0, 0, 62, 90, 0, 480)],
    ),
    "struck as it ends it goes on": (
        raw([on(60, 90, 0), on(60, 80, 480), off(60, 0), off(60, 9)]),
        [(0, 0, 0, 60, 90, 0, 480), (0, 0, 0, 60, 80, 480, 489)],
    ),
    "struck twice as it ends both go on": (
        raw([on(60, 90, 0), on(60, 80, 480), on(60, 70, 0), off(60, 0), off(60, 9)]),
        [(0, 0, 0, 60, 90, 0, 480), (0, 0, 0, 60, 80, 480, 489), (0, 0, 0, 60, 70, 480, 489)],
    ),
    "struck as it ends, with two offs, it is dropped": (
        raw([on(60, 90, 0), on(60, 80, 480), off(60, 0), off(60, 0), off(60, 9)]),
        [(0, 0, 0, 60, 90, 0, 480)],
    ),
    "an off before the on of its tick leaves it": (
        raw([on(60, 90, 0), off(60, 480), on(60, 80, 0), off(60, 9)]),
        [(0, 0, 0, 60, 90, 0, 480), (0, 0, 0, 60, 80, 480, 489)],
    ),
    "a note without length is dropped": (
        raw([on(60, 90, 5), off(60, 0), off(60, 480)]),
        [],
    ),
    "a note that nothing ends is dropped": (
        raw([on(60, 90, 0), on(62, 90, 480), off(62, 480)], [off(60, 960)]),
        [(0, 0, 0, 62, 90, 480, 960)],
    ),
    "a note-on of velocity 0 is an off": (
        raw([on(60, 90, 0), on(60, 0, 480)]),
        [(0, 0, 0, 60, 90, 0, 480)],
    ),
    "running status outlasts a meta event": (
        with_track(b"\0\x90\x3c\x5a\0\xff\1\2hi\x60\x3c\0"),
        [(0, 0, 0, 60, 90, 0, 96)],
    ),
    "a long wait is a number of several bytes": (
        raw([on(60, 90, 127), off(60, 128), on(60, 90, 16384), off(60, 2097152)]),
        [(0, 0, 0, 60, 90, 127, 255), (0, 0, 0, 60, 90, 16639, 2113791)],
    ),
    "a wait before an unknown meta event counts, which mido forgets": (
        with_track(b"\0\x90\x3c\x5a\x60\xff\x70\0\x60\x3c\0"),
        [(0, 0, 0, 60, 90, 0, 192)],
    ),
    "an unknown chunk is skipped": (
        with_track(NOTE, before=b"XFIH\0\0\0\3abc"),
        [(0, 0, 0, 60, 90, 0, 96)],
    ),
    "a longer head is skipped": (
        with_track(NOTE).replace(b"MThd\0\0\0\6", b"MThd\0\0\0\x08").replace(b"MTrk", b"..MTrk"),
        [(0, 0, 0, 60, 90, 0, 96)],
    ),
    "bytes that pad a track out are no event": (
        with_track(NOTE + b"\0\xff\x2f\0\0\x90"),
        [(0, 0, 0, 60, 90, 0, 96)],
    ),
    "events behind the end of the track count": (
        with_track(b"\0\xff\x2f\0" + NOTE),
        [(0, 0, 0, 60, 90, 0, 96)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    data, notes = RULES[rule]
    events = decode(data)
    assert events is not None
    assert events.notes.T.tolist() == [list(note) for note in notes]
    assert events.ticks_per_beat == TICKS


def test_tempos_are_those_of_all_tracks() -> None:
    tracks = [tempo(500_000, 0), tempo(250_000, 480)], [tempo(999_999, 3), tempo(111_111, 477)]
    events = decode(raw(*tracks))
    assert events is not None
    expected = [[0, 500_000], [3, 999_999], [480, 250_000], [480, 111_111]]
    assert events.tempos.T.tolist() == expected


BEYOND: dict[str, bytes] = {
    "no head": b"MTrk" + bytes(20),
    "half a head": two_bars()[:13],
    "a head that is too short": two_bars().replace(b"MThd\0\0\0\6", b"MThd\0\0\0\5"),
    "no tracks": two_bars()[:14],
    "a track cut short": two_bars()[:60],
    "no time": with_track(NOTE, division=b"\0\0"),
    "frames of film": with_track(NOTE, division=b"\xe7\x28"),
    "data without a status": with_track(b"\0\x3c\x5a"),
    "running status after system exclusive": with_track(NOTE + b"\0\xf0\1\xf7\0\x3c\x5a"),
    "a system message": with_track(b"\0\xf6" + NOTE),
    "a status where data should be": with_track(b"\0\x90\x3c\xff"),
    "an event cut short": with_track(NOTE + b"\0\x90\x3c"),
    "a wait without an event": with_track(NOTE + b"\0"),
    "a text that is longer than its track": with_track(NOTE + b"\0\xff\1\5hi"),
    "a number that does not end": with_track(b"\x80\x80\x80\x80\0" + NOTE[1:]),
    "a tempo of nothing": with_track(b"\0\xff\x51\3\0\0\0" + NOTE),
    "a tempo of two bytes": with_track(b"\0\xff\x51\2\7\7" + NOTE),
    "too long a time": raw([on(60, 90, 0), off(60, MAX_TICK)]),
}


@pytest.mark.parametrize("fault", BEYOND)
def test_what_leaves_the_standard_is_not_decoded(fault: str) -> None:
    reason = None
    try:
        assert decode(BEYOND[fault]) is None
    except FaultError as error:
        reason = str(error)
    if reason is not None:
        # nothing is lost: pretty_midi would refuse it too
        assert reason in FAULTS.values()
        with pytest.raises(MidiError):
            read_pretty_midi(BEYOND[fault])
