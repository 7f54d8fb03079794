"""Duplicates: what is the same music is found, however it is written, and what is not is left."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from timbre.core.notes import NOTE, Notes, Track, notes_from_columns
from timbre.music.duplicates import (
    ALIKE_SHARE,
    HASH_COUNT,
    MIN_NOTES,
    SHINGLE_NOTES,
    clusters,
    music_key,
    signature,
)

Piece = list[Track]
Change = Callable[[Piece, np.random.Generator], Piece]


def line(rng: np.random.Generator, count: int) -> Notes:
    """A melody that walks over a scale, with chords in it."""
    scale = np.flatnonzero(np.isin(np.arange(36, 96) % 12, (0, 2, 4, 5, 7, 9, 11))) + 36
    steps = np.cumsum(rng.integers(-3, 4, count)) % len(scale)
    start = np.cumsum(rng.choice([0, 0.25, 0.5], count, p=[0.2, 0.5, 0.3]))
    return notes_from_columns(scale[steps], rng.integers(40, 120, count), start, start + 0.25)


def any_piece(seed: int, parts: int = 4, count: int = 200) -> Piece:
    rng = np.random.default_rng(seed)
    return [Track(int(rng.integers(96)), False, line(rng, count)) for _ in range(parts)]


def with_notes(track: Track, **fields: object) -> Track:
    columns = {name: fields.get(name, track.notes[name]) for name in NOTE.names or ()}
    return track._replace(notes=notes_from_columns(**columns))


def other_tempo(piece: Piece, rng: np.random.Generator) -> Piece:
    factor = rng.uniform(0.5, 2)
    return [
        with_notes(track, start=track.notes["start"] * factor, end=track.notes["end"] * factor)
        for track in piece
    ]


def other_octaves(piece: Piece, rng: np.random.Generator) -> Piece:
    shifts = rng.choice([-24, -12, 12, 24], len(piece))
    return [with_notes(t, pitch=t.notes["pitch"] + s) for t, s in zip(piece, shifts, strict=True)]


def other_programs(piece: Piece, rng: np.random.Generator) -> Piece:
    return [track._replace(program=int(rng.integers(128))) for track in piece]


def other_velocities(piece: Piece, rng: np.random.Generator) -> Piece:
    return [with_notes(t, velocity=rng.integers(1, 128, len(t.notes))) for t in piece]


def other_order(piece: Piece, rng: np.random.Generator) -> Piece:
    return [piece[i] for i in rng.permutation(len(piece))]


def other_drums(piece: Piece, rng: np.random.Generator) -> Piece:
    return [Track(0, True, line(rng, 20)), *piece]


def all_of_these(piece: Piece, rng: np.random.Generator) -> Piece:
    for change in SAME[:-1]:
        piece = change(piece, rng)
    return piece


SAME: list[Change] = [
    other_tempo, other_octaves, other_programs, other_velocities, other_order, other_drums,
    all_of_these,
]  # fmt: skip


def one_changed(track: Track, semitones: int, rng: np.random.Generator) -> Track:
    pitch = track.notes["pitch"].copy()
    pitch[rng.integers(len(pitch))] += semitones
    return with_notes(track, pitch=pitch)


OTHER: list[Change] = [
    lambda piece, rng: [
        with_notes(track, pitch=track.notes["pitch"] + 5) for track in piece
    ],
    lambda piece, rng: [with_notes(piece[0], pitch=piece[0].notes["pitch"] - 7), *piece[1:]],
    lambda piece, rng: [one_changed(piece[0], int(rng.integers(1, 12)), rng), *piece[1:]],
    lambda piece, rng: [piece[0]._replace(notes=piece[0].notes[:-1]), *piece[1:]],
    lambda piece, rng: [with_notes(piece[0], start=99 - piece[0].notes["start"]), *piece[1:]],
    lambda piece, rng: [*piece, piece[0]],
    lambda piece, rng: piece[1:],
]  # fmt: skip


@pytest.mark.parametrize("change", SAME)
def test_these_changes_leave_the_music(change: Change) -> None:
    for seed in range(20):
        piece = any_piece(seed)
        changed = change(piece, np.random.default_rng(seed))
        assert music_key(changed) == music_key(piece)
        assert np.array_equal(signature(changed), signature(piece))


@pytest.mark.parametrize("change", OTHER)
def test_these_changes_make_it_other_music(change: Change) -> None:
    for seed in range(20):
        piece = any_piece(seed)
        assert music_key(change(piece, np.random.default_rng(seed))) != music_key(piece)


@pytest.mark.parametrize("change", SAME[:5])
def test_in_a_piece_of_few_notes_times_and_octaves_count(change: Change) -> None:
    few, enough = any_piece(0, 1, MIN_NOTES - 1), any_piece(0, 1, MIN_NOTES)
    same_few, same_enough = (change(p, np.random.default_rng(1)) for p in (few, enough))
    assert music_key(same_enough) == music_key(enough)
    assert (music_key(same_few) == music_key(few)) == (change not in (other_tempo, other_octaves))


def test_a_signature_takes_enough_different_runs_of_notes() -> None:
    assert len(signature(any_piece(0, 1, MIN_NOTES + SHINGLE_NOTES - 1))) == HASH_COUNT
    assert len(signature(any_piece(0, 1, MIN_NOTES + SHINGLE_NOTES - 2))) == 0
    assert len(signature(any_piece(0, 50, SHINGLE_NOTES - 1))) == 0
    scale = np.tile(np.arange(60, 72), 40)
    repeated = notes_from_columns(scale, scale, np.arange(480), np.arange(480) + 1)
    assert len(signature([Track(0, False, repeated)])) == 0


def shingles(piece: Piece) -> set[tuple[int, ...]]:
    lines = [(track.notes["pitch"] % 12).tolist() for track in piece]
    return {
        tuple(n[i : i + SHINGLE_NOTES]) for n in lines for i in range(len(n) - SHINGLE_NOTES + 1)
    }


def test_signatures_agree_in_the_share_of_runs_that_pieces_share() -> None:
    errors = []
    for seed in range(90):
        one, other = any_piece(seed, 8, 90), any_piece(1000 + seed, 8, 90)
        other = one[: seed % 9] + other[seed % 9 :]
        share = len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))
        errors.append((signature(one) == signature(other)).mean() - share)
    deviation = 0.5 / HASH_COUNT**0.5  # the largest that a mean of so many has
    assert abs(np.mean(errors)) < 3 * deviation / 90**0.5
    assert np.std(errors) < 1.2 * deviation
    assert np.abs(errors).max() < 4 * deviation


def partition(labels: NDArray[np.integer]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels}


def families(seed: int, count: int = 60) -> NDArray[np.uint64]:
    """Signatures in groups of one to eight, each with some hashes of its own."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        common = rng.integers(2**63, size=HASH_COUNT, dtype=np.uint64)
        for _ in range(int(rng.integers(1, 9))):
            own = rng.integers(2**63, size=HASH_COUNT, dtype=np.uint64)
            found.append(np.where(rng.random(HASH_COUNT) < rng.choice([0, 0.1, 0.25]), own, common))
    return np.array(found)


def test_clusters_are_those_of_comparing_all_with_all() -> None:
    for seed in range(10):
        hashes = families(seed)
        alike = (hashes[:, None] == hashes).mean(axis=2) >= ALIKE_SHARE
        expected = partition(connected_components(alike, directed=False)[1])
        assert partition(clusters(hashes)) == expected
        assert 20 < len(expected) < len(hashes) - 20


def test_a_chain_of_likeness_is_one_cluster_and_the_order_does_not_matter() -> None:
    chain = families(0, 1)[:1].repeat(9, axis=0)
    for number in range(9):
        chain[number:, 8 * number : 8 * number + 8] += np.uint64(1)  # its ends share nothing
    hashes = np.concatenate([families(1), chain])
    expected = partition(clusters(hashes))
    assert frozenset(range(len(hashes) - 9, len(hashes))) in expected
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(hashes))
        labels = np.empty(len(hashes), int)
        labels[order] = clusters(hashes[order])
        assert partition(labels) == expected


def test_near_duplicates_are_in_one_cluster_and_other_pieces_are_not() -> None:
    signatures = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        piece = any_piece(seed)
        notes = [one_changed(track, 1, rng) for track in piece]
        variants = [piece, piece[1:], notes, all_of_these(notes, rng), all_of_these(piece, rng)]
        signatures += [signature(variant) for variant in variants]
    expected = {frozenset(range(start, start + 5)) for start in range(0, 200, 5)}
    assert partition(clusters(np.array(signatures))) == expected
    assert partition(clusters(np.array(signatures[:1]))) == {frozenset([0])}
