"""Parsing MIDI: pretty_midi a file, against ours."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pretty_midi

from benchmarks.measure import seconds_each
from timbre.music import catalog, midi


class Parsing(NamedTuple):
    """Seconds a file, and how far the results agree."""

    reference: float
    ours: float
    examined: float  # with the checks and fingerprints of the survey
    compared: int  # files that pretty_midi can read
    equal: int  # of these


def measure(files: list[Path], seconds: float, min_onsets: int) -> Parsing:
    """Parse the files both ways, from the disk on, and compare their notes."""
    midi.read(files[0].read_bytes())  # compiled before the clock runs

    def usual(file: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                pretty_midi.PrettyMIDI(str(file))
            except Exception:  # noqa: BLE001  (it raises whatever a malformed byte leads to)
                return

    def ours(file: Path) -> None:
        try:
            midi.read(file.read_bytes())
        except midi.MidiError:
            return

    def examined(file: Path) -> None:
        catalog.examine((file.name, file.read_bytes()), seconds, min_onsets)

    compared, equal = agreement(files)
    return Parsing(
        seconds_each(usual, files, "pretty_midi"),
        seconds_each(ours, files, "parse"),
        seconds_each(examined, files, "examine"),
        compared,
        equal,
    )


def agreement(files: list[Path]) -> tuple[int, int]:
    """Number of files that pretty_midi reads whose notes are all the same, times within 1 ms."""
    compared = equal = 0
    for file in files:
        data = file.read_bytes()
        try:
            expected = midi.read_pretty_midi(data)
        except midi.MidiError:
            continue
        compared += 1
        found = midi.read(data)
        equal += len(found) == len(expected) and all(
            (a.program, a.is_drum, len(a.notes)) == (b.program, b.is_drum, len(b.notes))
            and np.array_equal(a.notes["pitch"], b.notes["pitch"])
            and np.array_equal(a.notes["velocity"], b.notes["velocity"])
            and np.allclose(a.notes["start"], b.notes["start"], atol=1e-3)
            and np.allclose(a.notes["end"], b.notes["end"], atol=1e-3)
            for a, b in zip(found, expected, strict=True)
        )
    return compared, equal
