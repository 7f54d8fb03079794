"""Standard MIDI files as bytes: what they are known by, and what players expect of them."""

import io
import struct
from typing import NamedTuple

HEADER_BYTES = 14  # bytes of a usual `MThd` chunk
HALF_SECOND = 2  # halves in a second: what a beat lasts before any tempo is set


class Sequence(NamedTuple):
    """A MIDI file as a player takes it."""

    data: bytes  # beginning with `MThd`, with as many tracks as it says
    is_film_time: bool  # it counted in frames of film, so that its tempos mean nothing


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
        if name == b"data":
            return content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return b""


def sequence(content: bytes) -> Sequence:
    """The file with the number of tracks that it has, and in beats where it counts in film time.

    SMPTE time is so many frames a second and ticks a frame; as beats of half a second, a player's
    default, it is the same, if no tempo is set.

    Raises:
        ValueError: if it does not begin as a MIDI file does.
    """
    data = unwrapped(content)
    if len(data) < HEADER_BYTES or not data.startswith(b"MThd"):
        raise ValueError("no header of a MIDI file")
    size, kind, _, division = struct.unpack(">IHHh", data[4:HEADER_BYTES])
    at, tracks = 8 + size, 0
    while at + 8 <= len(data):
        tracks += data[at : at + 4] == b"MTrk"
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    is_film_time = division < 0
    if is_film_time:
        frames, ticks = -(division >> 8), division & 0xFF
        division = max(1, round(_per_second(frames) * ticks / HALF_SECOND))
    # a kind of 2, patterns one after the other, is played as all players do: at once
    head = struct.pack(">IHHH", 6, min(kind, 1) if tracks <= 1 else 1, tracks, division)
    return Sequence(b"MThd" + head + data[8 + size :], is_film_time)


def _per_second(frames: int) -> float:
    """Frames a second of an SMPTE format: 29 stands for 29.97, drop frame."""
    return 30 / 1.001 if frames == 29 else float(frames)


def seconds(played: Sequence) -> float | None:
    """Duration of a file by its tempo map, or None where that is not to be had."""
    import mido

    try:
        file = mido.MidiFile(file=io.BytesIO(played.data), clip=True)
        if not played.is_film_time:
            length: float = file.length
            return length
        longest: int = max(sum(message.time for message in track) for track in file.tracks)
        ticks: int = file.ticks_per_beat
        return longest / ticks / HALF_SECOND
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (it raises whatever a malformed byte leads to)
        return None
