"""Examples: drawn by chance, but always the same ones, and none that tells on the test."""

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.conftest import committed
from timbre.core.notes import Track, notes_from_columns, segment
from timbre.dataset import examples
from timbre.dataset.examples import Example, Sequences, draw, draw_program, split_of
from timbre.music.segments import RefusedError
from timbre.synthesis import effects
from timbre.synthesis.variation import PITCHED_PROGRAMS

SECONDS = 8.0
FONTS = {
    "train": ["A", "B"], "valid": ["A", "B"], "test": ["C"], "timbre": ["D"], "timbre_test": ["C"],
}  # fmt: skip


def settings(**changes: Any) -> Sequences:
    return Sequences.model_validate(committed()["sequences"] | changes)


SETTINGS = settings()


def track(program: int, starts: list[float], *, is_drum: bool = False) -> Track:
    start = np.array(starts)
    pitch = 48 + np.arange(len(start)) * 5 % 24
    notes = notes_from_columns(pitch, np.full(len(start), 80), start, start + 0.5)
    return Track(program, is_drum, notes)


def steady(program: int, seconds: float = 40, *, is_drum: bool = False) -> Track:
    """A note every half second."""
    return track(program, np.arange(0, seconds, 0.5).tolist(), is_drum=is_drum)


PIECE = [steady(0), steady(48), steady(0, is_drum=True)]


def drawn(
    piece: str,
    number: int = 0,
    seed: int = 0,
    tracks: list[Track] = PIECE,
    cluster: str | None = None,
    seconds: float = SECONDS,
    **changes: Any,
) -> Example:
    """An example of a piece that is a cluster by itself, or of the one given."""
    section = SETTINGS.model_copy(update=changes)
    return draw(tracks, piece, cluster or piece, number, seed, FONTS, seconds, section)


def of_split(split: str, count: int) -> list[Example]:
    """Examples of pieces with programs of their own."""
    names = (name for n in itertools.count() if split_of(0, name := f"piece{n}", SETTINGS) == split)
    pieces = itertools.islice(names, count)
    return [drawn(name, tracks=[steady(i * 3 % 100)]) for i, name in enumerate(pieces)]


def plain(example: Example) -> list[Any]:
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in example]


def test_equal_arguments_give_an_equal_example() -> None:
    assert plain(drawn("a", 3)) == plain(drawn("a", 3))


def test_chance_outside_does_not_matter() -> None:
    first = plain(drawn("a"))
    np.random.seed(5)  # noqa: NPY002
    drawn("b")
    assert plain(drawn("a")) == first


def test_another_number_piece_or_seed_is_another_example() -> None:
    different = [drawn("a"), drawn("a", 1), drawn("b"), drawn("a", seed=1)]
    assert len({str(plain(example)[4:]) for example in different}) == 4


def test_chance_is_not_mixed_up_between_names() -> None:
    first, second = (examples.generator(0, *parts).random() for parts in (("a", 1), ("a", 11)))
    assert first != second


def test_all_examples_of_a_piece_are_in_one_split() -> None:
    for piece in map(str, range(50)):
        assert {drawn(piece, number).split for number in range(4)} == {split_of(0, piece, SETTINGS)}


def test_all_pieces_of_a_cluster_are_in_one_split_whatever_the_seed() -> None:
    found = set()
    for seed in range(80):
        splits = {drawn(piece, seed=seed, cluster="c").split for piece in "ab"}
        assert splits == {split_of(seed, "c", SETTINGS)}
        found |= splits
    assert found == set(FONTS)


def test_the_cluster_decides_on_the_split_and_on_nothing_else() -> None:
    names = [f"cluster{n}" for n in range(40)]
    train = [name for name in names if split_of(0, name, SETTINGS) == "train"]
    first, *others = [drawn("a", cluster=name)._replace(cluster="") for name in train]
    assert len(others) > 10
    assert all(plain(other) == plain(first) for other in others)


def test_splits_have_their_shares_of_pieces() -> None:
    counts = Counter(split_of(0, str(n), SETTINGS) for n in range(4000))
    assert counts["test"] / 4000 == pytest.approx(SETTINGS.test_share, abs=0.02)
    assert counts["valid"] / 4000 == pytest.approx(SETTINGS.valid_share, abs=0.02)


def test_another_test_share_keeps_the_pieces_that_were_tests() -> None:
    more = settings(test_share=0.3)
    names = [str(n) for n in range(500)]
    tests = {name for name in names if split_of(0, name, SETTINGS) == "test"}
    assert tests < {name for name in names if split_of(0, name, more) == "test"}


def test_content_and_style_are_two_segments_with_enough_onsets() -> None:
    whole = PIECE[0].notes
    for example in of_split("train", 30):
        starts = [SECONDS * n for n in range(5)]
        same = [
            [
                start
                for start in starts
                if len(segment(whole, start, SECONDS)) == len(notes) >= SETTINGS.min_onsets
            ]
            for notes in (example.notes, example.style_notes)
        ]
        assert all(same)


def test_content_and_style_never_share_their_notes() -> None:
    tracks = [track(0, [0, 1, 2, 3, 8, 9.25, 10, 11, 17])]  # two segments that tell apart
    for number in range(20):
        example = drawn("a", number, tracks=tracks)
        seconds = {1.0, 1.25}
        found = [
            next(iter(seconds & set(n["start"].tolist())))
            for n in (example.notes, example.style_notes)
        ]
        assert set(found) == seconds


def test_only_segments_with_enough_onsets_are_candidates() -> None:
    few = [0.0, 1, 2, 8, 9, 10, 11, 16, 17, 18, 19, 20, 24, 25, 26, 27, 32.5]
    assert examples.candidates([track(0, few)], SECONDS, 4) == [(0, [1, 2, 3])]


def test_the_last_segment_counts_only_if_it_is_whole() -> None:
    assert examples.candidates([steady(0, 24)], SECONDS, 4) == [(0, [0, 1, 2])]
    assert examples.candidates([steady(0, 23)], SECONDS, 4) == [(0, [0, 1])]


def test_drums_are_never_a_part() -> None:
    tracks = [steady(0, is_drum=True), steady(5)]
    assert [part for part, _ in examples.candidates(tracks, SECONDS, 4)] == [1]


@pytest.mark.parametrize(
    ("tracks", "reason"),
    [
        ([], "no_notes"),
        ([steady(0, is_drum=True)], "only_drums"),
        ([steady(0, 15)], "too_short"),
        ([track(0, [0, 8, 16, 24, 32])], "too_short"),
        ([steady(0, is_drum=True), steady(0, 15)], "too_short"),
    ],
)
def test_a_piece_without_examples_is_refused_with_a_reason(
    tracks: list[Track], reason: str
) -> None:
    with pytest.raises(RefusedError, match=f"^{reason}$"):
        drawn("a", tracks=tracks)


def test_fonts_are_those_of_the_split() -> None:
    for split, fonts in FONTS.items():
        found = {t.font for e in of_split(split, 20) for t in (e.timbre, e.content_timbre)}
        assert found == set(fonts)


def test_transposition_stays_in_its_span_and_reaches_both_ends() -> None:
    shifts = {e.transposition for e in of_split("train", 200)}
    assert shifts == set(range(-SETTINGS.max_transposition, SETTINGS.max_transposition + 1))


@pytest.mark.parametrize("family", [range(32), range(32, 40), range(40, 80), range(80, 88)])
def test_a_program_stays_in_its_family_and_reaches_all_of_it(family: range) -> None:
    rng = np.random.default_rng(0)
    assert {draw_program(rng, program) for program in family for _ in range(40)} == set(family)


@pytest.mark.parametrize("program", [104, 120, 127])
def test_sound_effects_keep_their_program(program: int) -> None:
    assert draw_program(np.random.default_rng(0), program) == program


def test_the_cross_view_is_of_any_family() -> None:
    programs = {e.content_timbre.program for e in of_split("train", 1500)}
    assert programs == set(range(SETTINGS.cross_programs))


@pytest.mark.parametrize("split", examples.CLEAN_SPLITS)
def test_tests_have_no_effects_and_no_transposition(split: str) -> None:
    for example in of_split(split, 30):
        assert effects.loads(example.timbre.effects) == []
        assert effects.loads(example.content_timbre.effects) == []
        assert (example.transposition, example.style_transposition) == (0, 0)


@pytest.mark.parametrize("split", examples.TIMBRE_SPLITS)
def test_the_timbre_net_hears_any_pitched_program_against_another(split: str) -> None:
    drawn_programs = [(e.timbre.program, e.content_timbre.program) for e in of_split(split, 1200)]
    assert all(one != other for one, other in drawn_programs)
    assert {program for programs in drawn_programs for program in programs} == set(
        range(PITCHED_PROGRAMS)
    )


@pytest.mark.parametrize("seconds", [0.1, 1.6, 3.2, 7.9])
def test_as_many_notes_are_cut_out_as_were_counted(seconds: float) -> None:
    piece = [track(0, (np.arange(300) * seconds).tolist())]  # one a segment, at its border
    for number in range(100):
        example = drawn("piece", number, tracks=piece, seconds=seconds, min_onsets=1)
        assert len(example.notes) >= 1
        assert len(example.style_notes) >= 1


def test_a_transposition_that_leaves_no_note_is_not_made() -> None:
    start = np.arange(0, 40, 0.5)
    highest = notes_from_columns(np.full(80, 127), np.full(80, 80), start, start + 0.5)
    shifts = set()
    for number in range(20):
        example = drawn("piece", number, tracks=[Track(0, False, highest)], max_transposition=3)
        shifts.add(example.transposition)
        assert set(example.notes["pitch"]) == {127 + example.transposition}
        assert set(example.style_notes["pitch"]) == {127 + example.style_transposition}
    assert shifts <= {0, -1, -2, -3}
