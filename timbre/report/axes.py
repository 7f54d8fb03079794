"""Axes of the report's spectrograms: marks of time and pitch, and where they stand."""

from typing import NamedTuple

from timbre.audio.mel import band_spacing, hz_to_mel, midi_to_hz
from timbre.core.params import Audio

OCTAVES = {"C5": 72, "C6": 84, "C7": 96, "C8": 108}  # MIDI numbers; below, bands are too wide
_MAX_TIME_MARKS = 5  # marks of time


class Mark(NamedTuple):
    """A mark of an axis and its place, in per cent from the left or from the bottom."""

    text: str
    place: float


def pitch_marks(audio: Audio) -> list[Mark]:
    """Marks of the octaves that a mel spectrogram shows, at the middle of their bands."""
    marks = []
    for name, number in OCTAVES.items():
        hertz = midi_to_hz(number)
        band = (hz_to_mel(hertz) - hz_to_mel(audio.f_min)) / band_spacing(audio) - 1
        if 0 <= band < audio.n_mels:
            marks.append(Mark(name, round(100 * (band + 0.5) / audio.n_mels, 1)))
    return marks


def time_marks(seconds: float) -> list[Mark]:
    """Marks of time from 0, in steps of 1, 2 or 5 times a power of ten.

    Args:
        seconds: that the picture spans, above 0.
    """
    steps = (unit * 10.0**power for power in range(-3, 6) for unit in (1, 2, 5))
    step = next(step for step in steps if seconds / step <= _MAX_TIME_MARKS)
    count = int(seconds / step + 1e-9)
    texts = [f"{number * step:g} s" for number in range(count + 1)]
    return [
        Mark(text, round(100 * number * step / seconds, 1)) for number, text in enumerate(texts)
    ]
