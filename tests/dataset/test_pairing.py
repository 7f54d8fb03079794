"""The artificial benchmark: pairs of one texture and two instruments, the same ones each time."""

from collections import Counter

import numpy as np
import pytest

from tests.dataset.test_examples import of_split
from timbre.core.notes import Notes, notes_from_columns
from timbre.dataset.examples import Example
from timbre.dataset.pairing import (
    ALIKE_DENSITY,
    MAX_PER_PROGRAM,
    bins,
    other_music,
    pair,
    styles_of_others,
    texture,
)


def chords(lowest: int, voices: int, seconds: float = 8.0) -> Notes:
    """A chord of thirds every second, each held to the next."""
    start = np.arange(seconds).repeat(voices)
    pitch = np.tile(lowest + 3 * np.arange(voices), int(seconds))
    return notes_from_columns(pitch, np.full(len(start), 80), start, start + 1)


@pytest.fixture(scope="module")
def candidates() -> list[Example]:
    """Segments of four textures, of pieces with programs of their own."""
    textures = [chords(lowest, voices) for lowest in (36, 72) for voices in (1, 4)]
    return [
        example._replace(notes=textures[number % 4])
        for number, example in enumerate(of_split("test", 80))
    ]


@pytest.mark.parametrize(("lowest", "voices"), [(40, 1), (60, 3)])
def test_the_texture_is_that_of_the_notes(lowest: int, voices: int) -> None:
    found = texture(chords(lowest, voices))
    assert found.voices == voices
    assert found.pitch == pytest.approx(lowest + 3 * (voices - 1) / 2)


def test_rests_are_no_voices() -> None:
    notes = chords(60, 2)
    assert texture(notes[notes["start"] % 2 == 0]).voices == 2


def test_the_bins_are_two_by_two_at_the_medians(candidates: list[Example]) -> None:
    found = bins(candidates)
    assert found[:4] == [
        "few voices, low", "many voices, low", "few voices, high", "many voices, high",
    ]  # fmt: skip
    assert set(Counter(found).values()) == {20}


def test_a_pair_is_of_one_bin_two_pieces_and_two_programs(candidates: list[Example]) -> None:
    by_piece = dict(
        zip(
            (e.piece for e in candidates),
            zip(bins(candidates), candidates, strict=True),
            strict=True,
        )
    )
    cases = pair(candidates, 40, 0)
    assert Counter(case.group for case in cases) == dict.fromkeys(set(bins(candidates)), 10)
    for case in cases:
        (group, own), (other_group, other) = by_piece[case.piece], by_piece[case.style_piece]
        assert case.group == group == other_group
        assert case.cluster != other.cluster
        assert case.style_music == "alike"
        assert case.timbre == other.timbre != own.timbre == case.content_timbre
        assert np.array_equal(case.notes, own.notes)
        assert np.array_equal(case.style_notes, other.notes)


def test_a_program_is_the_content_of_few_cases_of_a_bin(candidates: list[Example]) -> None:
    timbre = candidates[0].timbre
    same = [e._replace(timbre=timbre) if n % 2 else e for n, e in enumerate(candidates)]
    counts = Counter((c.group, c.content_timbre.program) for c in pair(same, 1000, 0))
    assert max(counts.values()) <= MAX_PER_PROGRAM


def test_equal_arguments_give_equal_cases_and_fewer_are_among_more(
    candidates: list[Example],
) -> None:
    names = [[case.piece for case in pair(candidates, count, 0)] for count in (40, 40, 12)]
    assert names[0] == names[1]
    assert set(names[2]) < set(names[0])
    assert len(names[2]) == 12


def test_what_has_no_partner_is_left_out(candidates: list[Example]) -> None:
    assert pair([], 10, 0) == []
    assert pair(candidates[:1], 10, 0) == []
    assert pair([e._replace(timbre=candidates[0].timbre) for e in candidates], 10, 0) == []
    assert pair([e._replace(cluster="one") for e in candidates], 10, 0) == []


@pytest.mark.parametrize("alike", [True, False])
def test_a_style_of_another_piece_keeps_its_timbre(
    candidates: list[Example], *, alike: bool
) -> None:
    group = dict(zip((e.piece for e in candidates), bins(candidates), strict=True))
    notes = {example.piece: example.notes for example in candidates}
    crossed = 0
    for before, after in zip(candidates, styles_of_others(candidates, 0, alike), strict=True):
        assert after.style_piece != after.piece == before.piece
        assert np.array_equal(after.style_notes, notes[after.style_piece])
        assert after.style_music == ("alike" if alike else "any")
        assert (after.timbre, after.content_timbre) == (before.timbre, before.content_timbre)
        assert np.array_equal(after.notes, before.notes)
        crossed += group[after.piece] != group[after.style_piece]
    assert (crossed == 0) == alike


@pytest.mark.parametrize("alike", [True, False])
def test_a_piece_that_is_alone_keeps_its_style(candidates: list[Example], *, alike: bool) -> None:
    (kept,) = styles_of_others(candidates[:1], 0, alike)
    assert kept.style_piece == kept.piece


SHARES = {"same_piece": 0.1, "alike": 0.4, "any": 0.5}


@pytest.fixture(scope="module")
def many() -> list[Example]:
    """Segments of all registers and of several densities, each two of a cluster."""
    rng = np.random.default_rng(0)
    examples = of_split("train", 600)
    styles = [chords(int(lowest), int(voices)) for lowest, voices in
              zip(rng.integers(30, 90, 600), rng.integers(1, 5, 600), strict=True)]  # fmt: skip
    return [
        example._replace(style_notes=notes, cluster=f"cluster{number // 2}")
        for number, (example, notes) in enumerate(zip(examples, styles, strict=True))
    ]


def test_styles_play_other_music_by_their_shares(many: list[Example]) -> None:
    found = other_music(many, SHARES, 0)
    counts = Counter(example.style_music for example in found)
    for kind, share in SHARES.items():
        deviation = np.sqrt(len(many) * share * (1 - share))
        assert abs(counts[kind] - share * len(many)) < 4 * deviation


def test_other_music_is_of_another_cluster_and_of_the_split(many: list[Example]) -> None:
    by_piece = {example.piece: example for example in many}
    for before, after in zip(many, other_music(many, SHARES, 0), strict=True):
        other = by_piece[after.style_piece]
        assert (other.cluster == after.cluster) == (after.style_music == "same_piece")
        assert np.array_equal(after.style_notes, other.style_notes)
        assert after._replace(style_piece="", style_transposition=0, style_notes=before.notes,
                              style_music="") == before._replace(
            style_piece="", style_transposition=0, style_notes=before.notes, style_music=""
        )  # fmt: skip


def test_music_that_is_alike_has_the_register_and_the_density(many: list[Example]) -> None:
    distances: dict[str, list[float]] = {kind: [] for kind in SHARES}
    for before, after in zip(many, other_music(many, SHARES, 0), strict=True):
        one, other = before.style_notes, after.style_notes
        distances[after.style_music].append(
            abs(np.median(one["pitch"]) - np.median(other["pitch"]))
        )
        if after.style_music == "alike":
            assert 1 / ALIKE_DENSITY <= len(other) / len(one) <= ALIKE_DENSITY
    assert max(distances["alike"]) < 8
    assert np.mean(distances["any"]) > 2 * np.mean(distances["alike"])


def test_other_music_depends_on_the_seed_alone(many: list[Example]) -> None:
    def pieces(seed: int) -> list[str]:
        return [example.style_piece for example in other_music(many, SHARES, seed)]

    assert pieces(0) == pieces(0)
    assert pieces(0) != pieces(1)


def test_what_kind_of_music_a_style_plays_depends_on_no_other_piece(many: list[Example]) -> None:
    whole = {example.piece: example.style_music for example in other_music(many, SHARES, 0)}
    for some in (many[:300], many[200:], many[::-1]):
        for example in other_music(some, SHARES, 0):
            assert example.style_music == whole[example.piece]


def test_without_another_piece_the_style_stays(many: list[Example]) -> None:
    alone = other_music(many[:2], {"alike": 1.0}, 0)  # of one cluster
    assert [example.style_music for example in alone] == ["same_piece"] * 2


def test_a_note_between_two_frames_has_a_texture_too() -> None:
    assert texture(notes_from_columns([50], [80], [7.996], [7.999])) == (1.0, 50.0)
