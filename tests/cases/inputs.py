"""Inputs of the cases: MIDI files and recordings, made by code."""

import struct
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000  # Hz
BEAT = 480  # ticks

Event = tuple[int, bytes]


def tone(seconds: float, *hertz: float) -> np.ndarray:
    """Plucked strings."""
    time = np.arange(int(seconds * RATE)) / RATE
    waves = [np.sin(2 * np.pi * f * k * time) / k for f in hertz for k in range(1, 6)]
    sound = np.sum(waves, axis=0) * np.exp(-1.2 * time)
    return np.asarray(0.4 * sound / np.abs(sound).max())


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> None:
    """Write a recording in the format of its name."""
    soundfile.write(path, sound, rate)


def number(value: int) -> bytes:
    """A number of variable length, as MIDI writes it."""
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))


def on(pitch: int) -> bytes:
    """Note on."""
    return bytes([0x90, pitch, 90])


def off(pitch: int) -> bytes:
    """Note off."""
    return bytes([0x80, pitch, 0])


def scale(notes: int = 8, ticks: int = BEAT) -> list[Event]:
    """Notes one after the other."""
    return [each for n in range(notes) for each in ((0, on(60 + n)), (ticks, off(60 + n)))]


def tempo(microseconds: int) -> Event:
    """A tempo."""
    return 0, b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


MARKER = b"\xff\x06\x01x"
ORGAN = (0, bytes([0xC0, 19]))


def midi(*tracks: list[Event], division: int = BEAT, stated: int | None = None) -> bytes:
    """A MIDI file of tracks of events, each with the ticks before it."""
    chunks = b""
    for events in tracks:
        body = b"".join(number(delta) + event for delta, event in events) + b"\0\xff\x2f\0"
        chunks += b"MTrk" + struct.pack(">I", len(body)) + body
    count = len(tracks) if stated is None else stated
    return b"MThd" + struct.pack(">IHHH", 6, 1, count, division) + chunks


def wav(samples: np.ndarray, stated: int) -> bytes:
    """A WAV whose header states a number of bytes."""
    data = (samples * 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    head = b"RIFF" + struct.pack("<I", stated + 36) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", stated) + data


def make(folder: Path) -> None:
    """Write what most cases take."""
    write(folder / "content.wav", tone(2, 261.6, 329.6))
    write(folder / "style.wav", tone(2, 196.0))
    (folder / "song.mid").write_bytes(midi(scale()))
