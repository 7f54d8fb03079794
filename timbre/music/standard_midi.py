"""Standard MIDI files as bytes: what they are known by, and what players expect of them."""

import io
import struct
from typing import NamedTuple

HEADER_BYTES = 14  # bytes of a usual `MThd` chunk
BEAT_MICROSECONDS = 500_000  # microseconds that a beat lasts before any tempo is set
MAX_TRACKS = 0xFFFF  # that a header can state
# what the standard knows of film: frames that are counted in a beat of so many microseconds, by the
# rate that the header states; 29 stands for 30 frames in 1.001 s, drop frame
FILM_BEATS = {24: (24, 1_000_000), 25: (25, 1_000_000), 29: (30, 1_001_000), 30: (30, 1_000_000)}

END_OF_TRACK = b"\xff\x2f\0"  # the last event of a track


class Sequence(NamedTuple):
    """A MIDI file as a player takes it."""

    data: bytes  # beginning with `MThd`, with as many tracks as it says
    beat_microseconds: int | None  # of a file in film time, whose own tempos mean nothing
    tracks: int


def is_midi(content: bytes) -> bool:
    """Whether `content` begins as a standard MIDI file does, bare or wrapped in RIFF."""
    return content.startswith(b"MThd") or (content[:4] == b"RIFF" and content[8:12] == b"RMID")


def unwrapped(content: bytes) -> bytes:
    """The MIDI file in a RIFF file, in whatever order its chunks stand; else itself."""
    if content[:4] != b"RIFF":
        return content
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name == b"data" and size:
            return content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    # a writer that broke off before it stated sizes, or that left out what fills odd ones up
    return content[content.index(b"MThd") :] if b"MThd" in content else b""


def sequence(content: bytes) -> Sequence:
    """The file with the number of tracks that it has, and in beats where it counts in film time.

    Film (SMPTE) time is so many frames a second and ticks a frame: exactly as beats of one second,
    or of 1.001 s.

    Raises:
        ValueError: if it does not begin as a MIDI file does, or counts time in no known way.
    """
    data = unwrapped(content)
    if len(data) < HEADER_BYTES or not data.startswith(b"MThd"):
        raise ValueError("no header of a MIDI file")
    size, kind, _, division = struct.unpack(">IHHh", data[4:HEADER_BYTES])
    if size < HEADER_BYTES - 8:
        raise ValueError("a header cut short")
    beat = None
    if division < 0:
        frames, beat = FILM_BEATS.get(-(division >> 8), (0, 0))
        division = frames * (division & 0xFF)
    if division == 0:
        raise ValueError("times in no unit of the standard")
    at, tracks = 8 + size, []
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":  # the standard lets makers add chunks of other kinds
            body = data[at + 8 : end]
            # a track that is whole may state too many bytes; one that is cut shall stay so
            stated = len(body) if body.endswith(END_OF_TRACK) else end - at - 8
            tracks.append(b"MTrk" + stated.to_bytes(4, "big") + body)
        at = end
    # a kind of 2, patterns one after the other, is played as all players do: at once
    kind = min(kind, 1) if len(tracks) <= 1 else 1
    head = struct.pack(">IHHH", 6, kind, min(len(tracks), MAX_TRACKS), division)
    return Sequence(b"MThd" + head + b"".join(tracks), beat, len(tracks))


def seconds(midi: Sequence) -> float | None:
    """Duration of a file by its tempo map, or None where that is not to be had."""
    import mido

    try:
        file = mido.MidiFile(file=io.BytesIO(midi.data), clip=True)
        if midi.beat_microseconds is None:
            length: float = file.length
            return length
        longest: int = max(sum(message.time for message in track) for track in file.tracks)
        ticks: int = file.ticks_per_beat
        return longest / ticks * midi.beat_microseconds / 1e6
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (it raises whatever a malformed byte leads to)
        return None
