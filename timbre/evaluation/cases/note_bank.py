"""Single recorded notes: which pitches an instrument has, and how each of them sounds."""

import csv
import re
from itertools import permutations
from pathlib import Path

import numpy as np
import soxr

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.core.signal import Signal

COLUMNS = ("instrument", "midi_pitch", "file")  # that a table of notes has to have
FRAME_SECONDS = 0.01  # of the level by which a recording is trimmed
LEVEL_SECONDS = 1.0  # from a note's onset: its RMS in there is made equal

# words of an instrument's name, the first that is in it decides; families are General MIDI's, which
# count harps among the strings and have ensembles apart from them
FAMILY_WORDS = {
    "strings": r"(double|contra|upright|string) ?bass|contrabass|violin|viola|cello|harp",
    "reed": r"sax\w*|saxophone|oboe|clarinet|bassoon|english horn|cor anglais",
    "pipe": r"flute|piccolo|recorder|ocarina|pan ?pipes",
    "brass": r"trumpet|cornet|trombone|tuba|horn|euphonium|flugelhorn",
    "organ": r"organ|accordion|harmonica",
    "mallets": r"celesta|glockenspiel|vibraphone|marimba|xylophone|dulcimer",
    "ethnic": r"sitar|banjo|shamisen|koto|kalimba|bagpipe|shanai",
    "guitar": r"guitar",
    "piano": r"piano|harpsichord|clavinet",
    "bass": r"bass",
}
ENSEMBLE = r"section|ensemble|orchestra|choir|strings"
LOWEST_PITCH, HIGHEST_PITCH = 28, 100  # MIDI pitches, E1 to E7, that transcribers tell


class Bank:
    """The recorded notes of a table, each read when it is first played.

    Args:
        table: a TSV file whose header has `instrument`, `midi_pitch` and `file`, relative to it;
            `f0_midi`, a measured pitch, stands in where `midi_pitch` is empty. A note of which
            neither is known is passed over.
        sample_rate: Hz, of the notes.
        longest: s, what is kept of a note.
        max_shift: semitones that a recording may be moved by, up or down.
        silence_db: dB re a recording's loudest 10 ms, below which its start and end are trimmed.

    Raises:
        InputError: if the table is missing, lacks a column, or has a pitch that is none.
    """

    def __init__(
        self, table: Path, sample_rate: int, longest: float, max_shift: int, silence_db: float
    ) -> None:
        self._rate, self._longest = sample_rate, longest
        self._max_shift, self._silence_db = max_shift, silence_db
        self._files = _files(table)
        self._notes: dict[tuple[str, int], Signal] = {}

    def pairs(self, min_pitches: int) -> list[tuple[str, str]]:
        """Ordered pairs of different instruments that share at least so many pitches."""
        return [
            (one, other)
            for one, other in permutations(sorted(self._files), 2)
            if len(self.shared(one, other)) >= min_pitches
        ]

    def shared(self, one: str, other: str) -> list[int]:
        """Ascending MIDI pitches that both can play and the pitch tracker can tell."""
        both = self._reach(one) & self._reach(other)
        return sorted(both & set(range(LOWEST_PITCH, HIGHEST_PITCH + 1)))

    def _reach(self, instrument: str) -> set[int]:
        span = range(-self._max_shift, self._max_shift + 1)
        return {recorded + shift for recorded in self._files[instrument] for shift in span}

    def note(self, instrument: str, midi_pitch: int) -> Signal:
        """A note from its onset on, `(L,)`, as long as it sounds or as any note may last.

        It is moved from the nearest recorded pitch as a sampler does, by its rate, and has an RMS
        of 1 in its first second.
        """
        key = instrument, midi_pitch
        if key not in self._notes:
            files = self._files[instrument]
            frame = round(FRAME_SECONDS * self._rate)
            nearest = min(files, key=lambda recorded: (abs(recorded - midi_pitch), recorded))
            sound = _trimmed(recordings.read(files[nearest], self._rate), self._silence_db, frame)
            if nearest != midi_pitch:
                factor = 2 ** ((midi_pitch - nearest) / 12)
                sound = soxr.resample(sound, self._rate * factor, self._rate)
            # copied by the division, so that the whole recording need not be kept
            sound = sound[: round(self._longest * self._rate)]
            start = sound[: round(LEVEL_SECONDS * self._rate)]
            self._notes[key] = sound / np.sqrt(np.mean(start**2))
        return self._notes[key]

    def seconds(self, instrument: str, midi_pitch: int) -> float:
        """Duration of that note, s."""
        return len(self.note(instrument, midi_pitch)) / self._rate


def _files(table: Path) -> dict[str, dict[int, Path]]:
    """The file of each pitch of each instrument; of several the first."""
    files: dict[str, dict[int, Path]] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for name in COLUMNS:
                if name not in (rows.fieldnames or ()):
                    raise InputError(
                        f"expected a column {name!r} in {table}, found none; please add it."
                    )
            for row in rows:
                midi_pitch = (row["midi_pitch"] or row.get("f0_midi") or "").strip()
                if not midi_pitch:
                    continue
                if not (re.fullmatch(r"\d+(\.\d*)?", midi_pitch) and float(midi_pitch) < 127.5):
                    raise InputError(
                        f"expected a MIDI pitch of 0 to 127, {table}, line {rows.line_num} has "
                        f"{midi_pitch!r}; please mend it."
                    )
                if not (row["instrument"] and row["file"]):
                    raise InputError(
                        f"expected an instrument and a file, {table}, line {rows.line_num} "
                        "lacks one; please add it."
                    )
                pitches = files.setdefault(row["instrument"], {})
                pitches.setdefault(round(float(midi_pitch)), table.parent / row["file"])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"expected a table of recorded notes in {table}: {error}; please name another."
        ) from None
    return files


def _trimmed(sound: Signal, silence_db: float, frame: int) -> Signal:
    """The recording from its first to its last frame of so many samples that is loud enough."""
    frames = sound[: len(sound) // frame * frame].reshape(-1, frame)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (silence_db / 10))
    return sound[loud[0] * frame : (loud[-1] + 1) * frame]


def family(instrument: str) -> str:
    """The General MIDI family that an instrument's name tells, '' if it does not."""
    words = " ".join(re.findall(r"[a-z]+", instrument.lower()))
    if re.search(rf"\b({ENSEMBLE})\b", words):
        return "ensemble"
    for name, pattern in FAMILY_WORDS.items():
        if re.search(rf"\b({pattern})s?\b", words):
            return name
    return ""
