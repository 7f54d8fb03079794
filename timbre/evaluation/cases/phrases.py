"""Test cases of real instruments with a right answer: phrases put together from single notes."""

from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from timbre.core.chance import generator
from timbre.core.errors import InputError
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio, Section
from timbre.core.signal import Signal, at_level
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.cases.note_bank import COLUMNS, Bank, family


class Phrases(Section):
    """Parameters of phrases: how they are drawn and put together."""

    max_shift: int = Field(ge=0, le=3)  # semitones a recording may be moved by, up or down
    min_pitches: int = Field(ge=4)  # that both instruments of a case have
    two_voices: float = Field(ge=0, le=1)  # share of the cases
    tempo_min: float = Field(ge=30)  # beats a minute
    tempo_max: float = Field(le=300)
    beats: list[float] = Field(min_length=1)  # that a note may last, equally likely
    rest: float = Field(ge=0, lt=1)  # chance of a rest in place of a note
    max_step: int = Field(ge=1)  # of the melody, along the pitches that can be played
    velocity_min: int = Field(ge=1, le=127)
    velocity_max: int = Field(ge=1, le=127)
    fade_seconds: float = Field(gt=0, le=0.1)  # at the end of each note
    silence_db: float = Field(lt=0)  # dB re a recording's loudest 10 ms: what is trimmed

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("tempo", "velocity"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if low > high:
                raise ValueError(f"{name}_min <= {name}_max expected, got {low} and {high}")
        shortest = min(self.beats) * 60 / self.tempo_max
        if shortest < 2 * self.fade_seconds:
            raise ValueError(
                f"notes of 2 fades or more expected, got {shortest:.3f} s from beats, tempo_max"
            )
        return self

    @property
    def longest(self) -> float:
        """The longest note that may be drawn, in seconds."""
        return max(self.beats) * 60 / self.tempo_min


def is_table(path: Path) -> bool:
    """Whether a file is a table of recorded notes: its first line names one column of it or more.

    One that lacks a column counts, so that it is refused as a table.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return not set(COLUMNS).isdisjoint(file.readline(10_000).rstrip("\n").split("\t"))


def cases(notes_tsv: Path, count: int, seed: int, audio: Audio, settings: Phrases) -> list[Case]:
    """Draw test cases: content = A by C, style = B by S, target = A by S.

    The case's number alone decides on its phrases, so that more cases begin with the same ones.

    Args:
        notes_tsv: the table of recorded notes, as `Bank` takes it.
        count: how many cases.
        seed: of all chance.
        audio: rate, length and level of the segments.
        settings: how phrases are drawn.

    Returns:
        The cases; the pairs of instruments that share enough pitches come in turn, in an order
        drawn by chance.

    Raises:
        InputError: if no two instruments share enough pitches, or a recording cannot be used.
    """
    bank = Bank(
        notes_tsv, audio.sample_rate, settings.longest, settings.max_shift, settings.silence_db
    )
    pairs = bank.pairs(settings.min_pitches)
    if not pairs:
        raise InputError(
            f"expected two instruments that share {settings.min_pitches} pitches in {notes_tsv}, "
            "found none; please add recorded notes or lower min_pitches."
        )
    order = generator(seed, "phrases").permutation(len(pairs))
    return [
        _case(number, pairs[order[number % len(pairs)]], bank, seed, audio, settings)
        for number in range(count)
    ]


def _case(
    number: int,
    instruments: tuple[str, str],
    bank: Bank,
    seed: int,
    audio: Audio,
    settings: Phrases,
) -> Case:
    """One case: its two instruments are those of content and style."""
    content, style = instruments
    rng = generator(seed, "phrase", number)
    voices = 2 if rng.random() < settings.two_voices else 1
    a, b = (draw(rng, voices, bank, instruments, audio.segment_seconds, settings) for _ in range(2))
    return Case(
        name=f"phrase_{number:04d}",
        group="1 voice" if voices == 1 else f"{voices} voices",
        content_timbre=content,
        style_timbre=style,
        content_family=family(content),
        style_family=family(style),
        font="",
        notes=a,
        content=play(a, content, bank, audio, settings),
        style=play(b, style, bank, audio, settings),
        target=play(a, style, bank, audio, settings),
        style_music="alike",  # another melody, drawn in the same way
    )


def draw(
    rng: np.random.Generator,
    voices: int,
    bank: Bank,
    instruments: tuple[str, str],
    seconds: float,
    settings: Phrases,
) -> Notes:
    """Draw a phrase that both instruments can play.

    A voice is a random walk over the pitches of its own register, so that voices never cross. A
    note lasts no longer than either recording of it sounds: what the notes say is what is heard.

    Args:
        rng: all chance comes from here.
        voices: how many sound at once.
        bank: the recorded notes.
        instruments: both, of which the pitches are shared.
        seconds: length of the phrase.
        settings: rhythm, steps and velocities.

    Returns:
        The notes, within 0 and `seconds`.
    """
    beat = 60 / rng.uniform(settings.tempo_min, settings.tempo_max)
    rows = []
    for register in np.array_split(bank.shared(*instruments), voices):
        time, place, first = 0.0, int(rng.integers(len(register))), True
        while time <= seconds - 2 * settings.fade_seconds:
            length = float(rng.choice(settings.beats)) * beat
            velocity = int(rng.integers(settings.velocity_min, settings.velocity_max + 1))
            if first or rng.random() >= settings.rest:
                midi_pitch = int(register[place])
                sounds = min(bank.seconds(each, midi_pitch) for each in instruments)
                end = min(time + min(length, sounds), seconds)
                rows.append((midi_pitch, velocity, time, end))
            low, high = place - settings.max_step, place + settings.max_step
            place = int(rng.integers(max(low, 0), min(high, len(register) - 1) + 1))
            time, first = time + length, False
    return notes_from_columns(*zip(*rows, strict=True))


def play(notes: Notes, instrument: str, bank: Bank, audio: Audio, settings: Phrases) -> Signal:
    """A segment `(L,)` of these notes by an instrument, at the level of the settings.

    The gain of a note is its velocity squared, 40 log10(v / 127) dB, as the MIDI Association's DLS
    Level 1 specification has it.
    """
    rate = audio.sample_rate
    fade = round(settings.fade_seconds * rate)
    segment = np.zeros(audio.segment_samples)
    for note in notes:
        start, stop = (round(float(note[name]) * rate) for name in ("start", "end"))
        sound = bank.note(instrument, int(note["pitch"]))[: stop - start]
        sound = sound * (float(note["velocity"]) / 127) ** 2
        sound[-fade:] *= np.linspace(1, 0, len(sound[-fade:]))
        # the last note may end a sample too late, by rounding
        span = segment[start : start + len(sound)]
        span += sound[: len(span)]
    return at_level(segment, audio.level_db).astype(np.float32)
