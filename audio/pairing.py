"""The artificial benchmark: segments of one kind of texture, paired across instruments.

As the reference evaluates (Cifka et al. 2021, arXiv:2102.05749, section 4.2, and the data
preparation published with it): segments are binned by polyphony and by mean pitch, so that a pair
can sound alike; a few are taken of each program, and each is paired with one of another program in
its bin.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.examples import Example, generator
from audio.notes import Notes, piano_roll

PER_PROGRAM = 4  # segments of one program in a bin, at most
FRAMES_PER_SECOND = 100.0  # in which voices are counted


class Texture(NamedTuple):
    """What a segment is like, whatever plays it."""

    voices: float  # notes that sound at once, on average where any does
    pitch: float  # MIDI pitch, mean over what sounds


def texture(notes: Notes) -> Texture:
    """Polyphony and mean pitch of a segment with at least one note."""
    frames = int(np.ceil(notes["end"].max() * FRAMES_PER_SECOND))
    roll = piano_roll(notes, frames, FRAMES_PER_SECOND)
    voices = roll.sum(axis=0)
    return Texture(
        float(voices.sum() / max(1, np.count_nonzero(voices))), float(np.nonzero(roll)[0].mean())
    )


def bins(examples: list[Example]) -> list[str]:
    """The bin of each example: 2 x 2, at the medians of polyphony and of mean pitch."""
    textures: NDArray[np.float64] = np.array([texture(example.notes) for example in examples])
    many, high = (textures > np.median(textures, axis=0)).T
    return [
        f"{'many' if m else 'few'} voices, {'high' if h else 'low'}"
        for m, h in zip(many, high, strict=True)
    ]


def pair(candidates: list[Example], count: int, seed: int) -> list[Example]:
    """Choose test cases and give each the style of another piece and program of its bin.

    Content = A in the timbre of its own part, style = B of another piece in that part's timbre S,
    target = A in S.

    Args:
        candidates: of the test split, each with notes A in the timbre of its own part.
        count: how many cases at most, as evenly over the bins as they allow.
        seed: all chance is drawn from it and the pieces' names.

    Returns:
        The cases, those of a bin side by side; none if no bin has two programs.
    """
    pools: dict[str, list[Example]] = {}
    for group, example in zip(bins(candidates), candidates, strict=True) if candidates else ():
        pool = pools.setdefault(group, [])
        if sum(other.timbre.program == example.timbre.program for other in pool) < PER_PROGRAM:
            pool.append(example._replace(group=group))
    paired = {group: _paired(pool, seed) for group, pool in sorted(pools.items())}
    # an equal share for each bin; what small ones leave goes to the others
    shares = dict.fromkeys(paired, 0)
    while sum(shares.values()) < count and any(shares[g] < len(paired[g]) for g in paired):
        for group in paired:
            if shares[group] < len(paired[group]) and sum(shares.values()) < count:
                shares[group] += 1
    return [example for group, cases in paired.items() for example in cases[: shares[group]]]


def styles_of_others(examples: list[Example], seed: int, alike: bool) -> list[Example]:
    """Let the style of each example play what another piece plays, in the timbre it has.

    So that no timbre can be told by the key or the rhythm of its piece.

    Args:
        examples: of one split.
        seed: all chance is drawn from it and the pieces' names.
        alike: take the other piece from the same bin, as the benchmark does; else from any, so
            that a timbre is heard in all registers.

    Returns:
        The examples in their order; one for which there is no other keeps its style.
    """
    groups = bins(examples) if alike else [""] * len(examples)
    exchanged = []
    for number, (group, example) in enumerate(zip(groups, examples, strict=True)):
        rng = generator(seed, "style", example.piece, number)
        others = [
            other
            for its_group, other in zip(groups, examples, strict=True)
            if its_group == group and other.cluster != example.cluster
        ]
        other = others[int(rng.integers(len(others)))] if others else example
        exchanged.append(
            example._replace(
                style_piece=other.piece,
                style_transposition=other.transposition,
                style_notes=other.notes,
            )
        )
    return exchanged


def _paired(pool: list[Example], seed: int) -> list[Example]:
    """The cases of a bin; an example for which there is no other piece and program is left out."""
    cases = []
    for number, example in enumerate(pool):
        others = [
            other
            for other in pool
            if other.cluster != example.cluster and other.timbre.program != example.timbre.program
        ]
        if not others:
            continue
        rng = generator(seed, "pair", example.piece, number)
        other = others[int(rng.integers(len(others)))]
        cases.append(
            example._replace(
                style_piece=other.piece,
                style_transposition=other.transposition,
                style_notes=other.notes,
                timbre=other.timbre,
                content_timbre=example.timbre,
            )
        )
    return cases
