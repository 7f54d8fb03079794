"""Examples: which notes are heard in which timbres, with all chance drawn from (seed, piece)."""

from typing import Any, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from timbre.core.chance import generator
from timbre.core.notes import Notes, Track, segment, transpose
from timbre.core.params import Section
from timbre.music.segments import candidates
from timbre.synthesis import effects, presets, variation
from timbre.synthesis.timbres import Timbre
from timbre.synthesis.variation import PITCHED_PROGRAMS, Variations

TIMBRE_SPLITS = ("timbre", "timbre_test")  # splits of the timbre net, the metric's
VARIED_SPLITS = ("train", "valid")  # splits with timbres made at random
CLEAN_SPLITS = ("test", "timbre_test")  # splits without effects and transposition


STYLE_MUSIC = ("same_piece", "alike", "any")  # what a style clip can play, by its code


class StyleMusic(Section):
    """Section `sequences.style_music`: shares of what style clips play in training."""

    same_piece: float = Field(ge=0, le=1)  # another segment of the target's own part
    alike: float = Field(ge=0, le=1)  # another piece's, of like register and density
    any: float = Field(ge=0, le=1)  # any other piece's

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(self.same_piece + self.alike + self.any - 1) > 1e-9:
            raise ValueError(f"shares that sum to 1 expected, got {self.model_dump()}")
        return self


class Sequences(Section):
    """Parameters by which examples are drawn from pieces."""

    min_onsets: int = Field(ge=1)  # in each segment
    max_transposition: int = Field(ge=0, le=12)  # semitones, up or down
    cross_programs: int = Field(ge=8, le=128)  # the cross view's program is drawn from 0 to this
    effects_chances: list[float] = Field(min_length=1)  # of 0, 1, 2, ... effects
    style_music: StyleMusic
    variation: Variations  # of timbres
    test_share: float = Field(gt=0, lt=1)  # of pieces
    valid_share: float = Field(gt=0, lt=1)  # of pieces
    timbre_share: float = Field(gt=0, lt=1)  # of pieces, for the timbre net alone
    timbre_test_share: float = Field(gt=0, lt=1)  # of pieces, which that net is tried on
    examples_per_piece: int = Field(ge=1)
    train: int = Field(ge=1)  # examples at most
    valid: int = Field(ge=1)  # examples at most
    test: int = Field(ge=1)  # cases of the benchmark at most
    timbre: int = Field(ge=1)  # examples at most
    timbre_test: int = Field(ge=1)  # examples at most

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if min(self.effects_chances) < 0 or abs(sum(self.effects_chances) - 1) > 1e-9:
            raise ValueError(
                "effects_chances that sum to 1 expected, "
                f"got effects_chances: {self.effects_chances}"
            )
        if sum(self.shares().values()) >= 1:
            raise ValueError(
                "shares that leave pieces for training expected, got "
                + ", ".join(f"{split}_share: {share}" for split, share in self.shares().items())
            )
        return self

    def shares(self) -> dict[str, float]:
        """The share of the pieces that each split takes; training takes the rest."""
        splits = ("test", "valid", "timbre", "timbre_test")
        return {split: getattr(self, f"{split}_share") for split in splits}


class Example(NamedTuple):
    """Example: notes A of content and target, B of style; timbre S is to be heard, T is given.

    The views are content = A in T, style = B in S, target = A in S.
    """

    split: str
    cluster: str
    piece: str
    style_piece: str
    part: int
    transposition: int
    style_transposition: int
    notes: Notes  # A
    style_notes: Notes  # B
    timbre: Timbre  # S
    content_timbre: Timbre  # T
    group: str = ""  # the bin of a test case
    style_music: str = STYLE_MUSIC[0]  # what B is to A, one of `STYLE_MUSIC`

    def row(self) -> dict[str, Any]:
        """The example as a row of a table."""
        row = self._asdict()
        for name in ("notes", "style_notes"):
            notes = row.pop(name)
            row[name] = {field: notes[field].tolist() for field in notes.dtype.names}
        for name in ("timbre", "content_timbre"):
            row[name] = row[name]._asdict()
        return row


def split_of(seed: int, cluster: str, settings: Sequences) -> str:
    """The split that all pieces of a cluster belong to, drawn from (seed, cluster)."""
    chance = generator(seed, "split", cluster).random()
    for split, share in settings.shares().items():
        if chance < share:
            return split
        chance -= share
    return "train"


def draw_program(rng: np.random.Generator, program: int) -> int:
    """Another program of the same family.

    As the reference's data preparation does (published with arXiv:2102.05749): keyboards, mallets,
    organs and guitars together (0-31), strings to pipes together (40-79), else the group of 8 that
    General MIDI puts a program in; 104 and above stay.
    """
    if program < 32:
        return int(rng.integers(0, 32))
    if 40 <= program < 80:
        return int(rng.integers(40, 80))
    return program - program % 8 + int(rng.integers(8)) if program < 104 else program


def with_preset(timbre: Timbre, rng: np.random.Generator, seed: int, split: str) -> Timbre:
    """The timbre itself, or one of the source's presets where its source has its own.

    Such a preset is not varied: what can be done to it is drawn with it.
    """
    if timbre.font not in presets.DRAWN_SOURCES:
        return timbre
    preset = presets.DRAWN_SOURCES[timbre.font](rng, seed, split)
    return timbre._replace(program=preset.program, preset=preset.name, variation="")


def draw(
    tracks: list[Track],
    piece: str,
    cluster: str,
    number: int,
    seed: int,
    fonts: dict[str, list[str]],
    seconds: float,
    settings: Sequences,
) -> Example:
    """Draw one example of a piece; equal arguments give an equal example.

    The style is still the piece's own: `timbre.dataset.pairing` exchanges it. In the splits for
    tests nothing is varied by effects or transposition. For the timbre net, which is to tell
    timbres apart, any pitched program is played by any part.

    Args:
        tracks: the piece.
        piece: its name by content, from which chance is drawn.
        cluster: the name of all near duplicates of the piece, which decides on the split.
        number: which of the piece's examples.
        seed: the experiment's seed.
        fonts: the sources of timbres of each split.
        seconds: length of a segment.
        settings: how to draw.

    Raises:
        RefusedError: if no part of the piece has two segments with enough onsets.
    """
    rng = generator(seed, "example", piece, number)
    parts = candidates(tracks, seconds, settings.min_onsets)
    part, numbers = parts[int(rng.integers(len(parts)))]
    split = split_of(seed, cluster, settings)
    pair = (int(number) for number in rng.choice(numbers, 2, replace=False))
    span = 0 if split in CLEAN_SPLITS else settings.max_transposition
    (notes, shift), (style_notes, style_shift) = (
        _transposed(
            segment(tracks[part].notes, number, seconds), int(rng.integers(-span, span + 1))
        )
        for number in pair
    )
    if split in TIMBRE_SPLITS:
        program = int(rng.integers(PITCHED_PROGRAMS))
        other = (program + 1 + int(rng.integers(PITCHED_PROGRAMS - 1))) % PITCHED_PROGRAMS
    else:
        program = draw_program(rng, tracks[part].program)
        # the cross view's program is of any family: within one, the content could tell which
        other = int(rng.integers(settings.cross_programs))
    chances = [1.0] if split in CLEAN_SPLITS else settings.effects_chances
    timbres = [
        Timbre(program, str(rng.choice(fonts[split])), effects.dumps(effects.draw(rng, chances)))
        for program in (program, other)
    ]
    if split in VARIED_SPLITS:
        timbres = [
            timbre._replace(variation=variation.draw(rng, settings.variation).dumps())
            for timbre in timbres
        ]
    timbres = [
        with_preset(timbre, generator(seed, "preset", piece, number, view), seed, split)
        for view, timbre in enumerate(timbres)
    ]
    return Example(
        split=split,
        cluster=cluster,
        piece=piece,
        style_piece=piece,
        part=part,
        transposition=shift,
        style_transposition=style_shift,
        notes=notes,
        style_notes=style_notes,
        timbre=timbres[0],
        content_timbre=timbres[1],
    )


def _transposed(notes: Notes, shift: int) -> tuple[Notes, int]:
    """Notes moved by `shift` semitones, and by how many they were: 0 if that would leave none."""
    moved = transpose(notes, shift)
    return (moved, shift) if len(moved) else (notes, 0)
