"""The artificial benchmark: segments of one kind of texture, paired across instruments.

As the reference evaluates (Cifka et al. 2021, arXiv:2102.05749, section 4.2, and the data
preparation published with it): segments are binned by polyphony and by mean pitch, so that a pair
can sound alike; a few are taken of each program, and each is paired with one of another program in
its bin.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbre.core.chance import generator
from timbre.core.notes import Notes, piano_roll
from timbre.dataset.examples import Example

MAX_PER_PROGRAM = 4  # segments of one program in a bin, at most
FRAMES_PER_SECOND = 100.0  # in which voices are counted
ALIKE_SHARE = 0.05  # of a split, to each side by pitch: pieces of like register
MAX_DRAWS = 16  # of drawing another piece, before all that there are are listed
ALIKE_DENSITY = 2.0  # times as many onsets at most, or one to so many


class Texture(NamedTuple):
    """Texture of a segment, whatever plays it."""

    voices: float  # notes that sound at once, on average where any does
    pitch: float  # MIDI pitch, mean over what sounds


def texture(notes: Notes) -> Texture:
    """Polyphony and mean pitch of a segment with at least one note."""
    frames = int(np.ceil(notes["end"].max() * FRAMES_PER_SECOND))
    roll = piano_roll(notes, frames, FRAMES_PER_SECOND)
    if not roll.any():  # notes between two frames
        return Texture(1.0, float(notes["pitch"].mean()))
    voices = roll.sum(axis=0)
    return Texture(
        float(voices.sum() / np.count_nonzero(voices)), float(np.nonzero(roll)[0].mean())
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
        if sum(other.timbre.program == example.timbre.program for other in pool) < MAX_PER_PROGRAM:
            pool.append(example._replace(group=group))
    paired = {group: _paired(pool, seed) for group, pool in sorted(pools.items())}
    # an equal share for each bin; what small ones leave goes to the others
    shares = dict.fromkeys(paired, 0)
    while sum(shares.values()) < count and any(shares[g] < len(paired[g]) for g in paired):
        for group in paired:
            if shares[group] < len(paired[group]) and sum(shares.values()) < count:
                shares[group] += 1
    return [example for group, cases in paired.items() for example in cases[: shares[group]]]


def other_music(examples: list[Example], shares: dict[str, float], seed: int) -> list[Example]:
    """Let the styles of a split play other music than its targets, as in use, by shares.

    A model that always heard the style in the target's own piece would learn to hear a sound in
    the same register, chords and rhythm only.

    Args:
        examples: of one split, each with a style of its own piece.
        shares: how many keep that (`same_piece`), how many get the style notes of another piece of
            like register and density (`alike`), how many those of any other (`any`): in any unit.
        seed: all chance is drawn from it and the pieces' names.

    Returns:
        The examples in their order; one for which there is no other piece keeps its style.
    """
    kinds = list(shares)
    chances = np.array(list(shares.values())) / sum(shares.values())
    pitch = np.array([np.median(example.style_notes["pitch"]) for example in examples])
    onsets = np.array([len(example.style_notes) for example in examples])
    everywhere = np.arange(len(examples))
    by_pitch = np.lexsort((onsets, pitch))
    rank = np.argsort(by_pitch)  # of each example among them
    reach = max(2, round(len(examples) * ALIKE_SHARE))
    exchanged = []
    met: Counter[str] = Counter()  # examples of each piece so far
    for number, example in enumerate(examples):
        # what is drawn first, the kind, depends on no other piece; whose notes, on all there are
        rng = generator(seed, "music", example.piece, met[example.piece])
        met[example.piece] += 1
        kind = kinds[int(rng.choice(len(kinds), p=chances))]
        other = None
        if kind == "alike":
            near = by_pitch[max(0, rank[number] - reach) : rank[number] + reach + 1]
            densities = (onsets[number] / ALIKE_DENSITY, onsets[number] * ALIKE_DENSITY)
            other = _of_another_piece(examples, onsets, example, near, densities, rng)
        if kind == "any" or (kind == "alike" and other is None):
            kind = "any"
            other = _of_another_piece(examples, onsets, example, everywhere, (0, np.inf), rng)
        exchanged.append(
            example
            if other is None
            else example._replace(
                style_piece=other.piece,
                style_transposition=other.style_transposition,
                style_notes=other.style_notes,
                style_music=kind,
            )
        )
    return exchanged


def _of_another_piece(
    examples: list[Example],
    onsets: NDArray[np.int64],
    example: Example,
    numbers: NDArray[np.int64],
    densities: tuple[float, float],
    rng: np.random.Generator,
) -> Example | None:
    """One of `numbers` of another cluster than the example, drawn; None if there is none.

    Args:
        examples: all of them.
        onsets: of the style of each.
        example: for which another is drawn.
        numbers: which can be drawn.
        densities: how many onsets the style may have, at least and at most.
        rng: where chance comes from.
    """
    least, most = densities
    # most that are drawn will do: to list all that do would take n^2 for n examples
    for _ in range(MAX_DRAWS if len(numbers) else 0):
        candidate = int(numbers[int(rng.integers(len(numbers)))])
        if least <= onsets[candidate] <= most and examples[candidate].cluster != example.cluster:
            return examples[candidate]
    fitting = numbers[(least <= onsets[numbers]) & (onsets[numbers] <= most)].tolist()
    others = [number for number in fitting if examples[number].cluster != example.cluster]
    return examples[others[int(rng.integers(len(others)))]] if others else None


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
        if not others:
            exchanged.append(example)
            continue
        other = others[int(rng.integers(len(others)))]
        exchanged.append(
            example._replace(
                style_piece=other.piece,
                style_transposition=other.transposition,
                style_notes=other.notes,
                style_music="alike" if alike else "any",
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
                style_music="alike",
            )
        )
    return cases
