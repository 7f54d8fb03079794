"""The survey of an archive: every file is used, or a duplicate, or refused, and once only."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from stages.sequences import account
from tests.conftest import NoteTuple, committed, midi_bytes
from timbre.dataset.examples import Sequences, split_of
from timbre.music.archive import read_members
from timbre.music.catalog import DUPLICATES, Piece, survey
from timbre.music.refusals import Refused
from timbre.synthesis.soundfonts import SPLITS

SECONDS, ONSETS = 2.048, 4
LIMIT = 4 * 2**20  # bytes of a file
USED = 24
Parts = list[tuple[int, bool, list[NoteTuple]]]

# every file that is not used, and why
REFUSED = {
    ".hidden.mid": ("hidden", ""),
    "cut.mid": ("unreadable", "cut short within a track"),
    "drums.mid": ("only_drums", ""),
    "empty.mid": ("no_notes", ""),
    "few.mid": ("too_short", ""),
    "large.mid": ("too_large", f"more than {LIMIT} bytes"),
    "short.mid": ("too_short", ""),
    "text.mid": ("not_midi", ""),
    "z/copy.mid": ("same_notes", "00.mid"),
    "z/programs.mid": ("same_notes", "00.mid"),
    "z/tempo.mid": ("same_music", "01.mid"),
}
NEAR = ("02.mid", "z/changed.mid", "z/without.mid")


def parts(seed: int, seconds: float = 20, count: int = 4) -> Parts:
    """Four voices by chance, and drums."""
    rng = np.random.default_rng(seed)
    voices: Parts = [(0, True, [(36, 100, t, t + 0.1) for t in np.arange(seconds)])]
    for _ in range(count):
        starts = np.arange(0, seconds, 0.25)
        pitches = rng.integers(40, 80, len(starts)).tolist()
        notes = [(p, 80, float(t), float(t) + 0.25) for p, t in zip(pitches, starts, strict=True)]
        voices.append((int(rng.integers(96)), False, notes))
    return voices


def changed(voices: Parts, shift: int, every: int) -> Parts:
    """A note in so many moved up; drums stay."""
    return [
        (program, drum, [(n[0] + shift * (i % every == 0), *n[1:]) for i, n in enumerate(notes)])
        for program, drum, notes in voices
    ]  # fmt: skip


def slower(voices: Parts) -> Parts:
    return [(p, d, [(*n[:2], n[2] * 1.25, n[3] * 1.25) for n in notes]) for p, d, notes in voices]


def write_files(folder: Path) -> list[str]:
    """A folder of everything that there is; gives the names of the files in it."""
    whole = midi_bytes(*parts(0))
    files = {f"{number:02}.mid": midi_bytes(*parts(number)) for number in range(USED - 3)}
    files |= {
        ".hidden.mid": whole,
        "cut.mid": whole[: len(whole) // 2],
        "drums.mid": midi_bytes(*parts(50, count=0)),
        "empty.mid": midi_bytes(),
        "few.mid": midi_bytes((0, False, [(60, 80, t, t + 1) for t in np.arange(20)])),
        "large.mid": whole.ljust(LIMIT + 1, b"\0"),
        "short.mid": midi_bytes(*parts(51, seconds=4)),
        "tiny.mid": midi_bytes(*parts(52, seconds=6, count=1)),  # usable, without a signature
        "text.mid": b"This is no music.",
        "z/copy.mid": whole,
        "z/programs.mid": midi_bytes(*[(p + 1, d, n) for p, d, n in parts(0)]),
        "z/tempo.mid": midi_bytes(*slower(parts(1))[::-1], tempo=96),
        "z/changed.mid": midi_bytes(*changed(parts(2), 1, 70)),
        "z/without.mid": midi_bytes(*parts(2)[:-1]),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return sorted(files)


Found = tuple[list[str], list[Piece], list[Refused], int]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("archive")
    names = write_files(folder)
    refused: list[Refused] = []
    counted: list[None] = []
    pieces = survey(
        read_members(folder, LIMIT, refused), SECONDS, ONSETS, refused, lambda: counted.append(None)
    )
    return names, pieces, refused, len(counted)


def test_every_file_is_used_or_listed_once(found: Found) -> None:
    names, pieces, refused, _ = found
    assert sorted([piece.file for piece in pieces] + [each.file for each in refused]) == names
    assert len(pieces) == USED


def test_what_is_not_used_has_its_reason(found: Found) -> None:
    assert {each.file: (each.reason, each.detail) for each in found[2]} == REFUSED


def test_files_are_counted_as_they_are_read(found: Found) -> None:
    names, _, refused, counted = found
    unread = [each for each in refused if each.reason in ("hidden", "not_midi", "too_large")]
    assert counted == len(names) - len(unread)


def test_the_account_adds_up(found: Found) -> None:
    names, pieces, refused, _ = found
    counts = account(pieces, refused)
    assert counts == {
        "files": len(names),
        "pieces": USED,
        "duplicates": 3,
        "refused": len(REFUSED) - 3,
        "near_duplicates": len(NEAR),
        "reasons": Counter(reason for reason, _ in REFUSED.values()),
    }
    assert counts["files"] == USED + len(REFUSED)


def test_a_duplicate_names_a_file_that_is_used(found: Found) -> None:
    used = {piece.file for piece in found[1]}
    assert {each.detail for each in found[2] if each.reason in DUPLICATES} < used


def test_numbers_and_keys_tell_the_pieces_apart(found: Found) -> None:
    names, pieces, refused, _ = found
    given = {each.file for each in refused if each.reason in ("hidden", "not_midi", "too_large")}
    read = [name for name in names if name not in given]
    assert [piece.file for piece in pieces] == [read[piece.number] for piece in pieces]
    assert len({piece.key for piece in pieces}) == USED


def test_near_duplicates_and_no_others_share_a_cluster(found: Found) -> None:
    clusters = {piece.file: piece.cluster for piece in found[1]}
    keys = {piece.file: piece.key for piece in found[1]}
    least = min(keys[name] for name in NEAR)
    assert clusters == keys | dict.fromkeys(NEAR, least)


def test_near_duplicates_are_in_one_split_whatever_the_seed(found: Found) -> None:
    section = Sequences.model_validate(committed()["sequences"])
    seen = set()
    for seed in range(100):
        near = [piece.cluster for piece in found[1] if piece.file in NEAR]
        splits = {split_of(seed, cluster, section) for cluster in near}
        assert len(splits) == 1
        seen |= splits
    assert seen == set(SPLITS)


def test_no_files_are_no_pieces() -> None:
    refused: list[Refused] = []
    assert survey([], SECONDS, ONSETS, refused) == []
    assert refused == []
