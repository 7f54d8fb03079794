"""The table of examples: what was written is read, whole or in ranges."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from timbre.core.errors import InputError
from timbre.core.notes import notes_from_columns
from timbre.dataset import table
from timbre.dataset.examples import STYLE_MUSIC, Example
from timbre.synthesis.timbres import Timbre


def example(split: str, number: int) -> Example:
    rng = np.random.default_rng(number)
    start = np.sort(rng.uniform(0, 8, number))
    notes = notes_from_columns(rng.integers(128, size=number), [64] * number, start, start + 0.1)
    timbre = Timbre(number, "TimGM6mb", '[["tremolo", {"speed": 6.5}]]')
    given = Timbre(120 - number, f"font {number}", "[]")
    return Example(
        split, f"{number + 2:032x}", f"{number:032x}", f"{number + 1:032x}", 2, -3, 4, notes,
        notes[::-1][:1], timbre, given, style_music=STYLE_MUSIC[number % len(STYLE_MUSIC)],
    )  # fmt: skip


# the examples of a split side by side, as a table holds them
EXAMPLES = [example("train", 5), example("train", 3), example("train", 0), example("test", 1)]
MANY = [
    *(example("valid", number % 7) for number in range(11)),
    *(example("test", number % 5) for number in range(2)),
    *(example("train", number % 9) for number in range(20)),
]


def plain(examples: list[Example]) -> list[Any]:
    return [[v.tolist() if isinstance(v, np.ndarray) else v for v in row] for row in examples]


def test_what_was_written_is_read_split_by_split(tmp_path: Path) -> None:
    table.write(tmp_path / "t", EXAMPLES)
    assert plain(table.read(tmp_path / "t", "train")) == plain(EXAMPLES[:3])
    assert plain(table.read(tmp_path / "t", "test")) == plain(EXAMPLES[3:])
    assert table.read(tmp_path / "t", "valid") == []


def test_splits_are_counted_in_their_order(tmp_path: Path) -> None:
    for number, examples in enumerate((EXAMPLES, EXAMPLES[::-1], MANY)):
        path = tmp_path / str(number)
        table.write(path, examples)
        expected = Counter(each.split for each in examples)
        assert list(table.counts(path).items()) == list(expected.items())


@pytest.mark.parametrize("group", [1, 4, 8, 512])
def test_a_range_is_that_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr(table, "_GROUP_ROWS", group)
    table.write(tmp_path / "t", MANY)
    assert pq.ParquetFile(tmp_path / "t").num_row_groups == -(-len(MANY) // group)
    rng = np.random.default_rng(0)
    for split in ("train", "valid", "test"):
        whole = [each for each in MANY if each.split == split]
        assert plain(table.read(tmp_path / "t", split)) == plain(whole)
        assert table.read(tmp_path / "t", split, len(whole)) == []
        for _ in range(15):
            start, stop = sorted(rng.integers(len(whole) + 3, size=2).tolist())
            assert plain(table.read(tmp_path / "t", split, start, stop)) == plain(whole[start:stop])
            assert plain(table.read(tmp_path / "t", split, start)) == plain(whole[start:])


@pytest.mark.parametrize("group", [3, 512])
def test_the_index_says_what_the_views_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr(table, "_GROUP_ROWS", group)
    table.write(tmp_path / "t", MANY)
    for split in ("train", "valid", "test"):
        rows = [each for each in MANY if each.split == split]
        index = table.index(tmp_path / "t", split)
        timbres = [(each.content_timbre, each.timbre, each.timbre) for each in rows]
        pieces = [[each.piece, each.style_piece, each.piece] for each in rows]
        assert index.program.tolist() == [[each.program for each in row] for row in timbres]
        assert index.font.tolist() == [[each.font for each in row] for row in timbres]
        assert [[bytes(name).hex() for name in row] for row in index.piece] == pieces
        assert [STYLE_MUSIC[place] for place in index.style_music] == [
            each.style_music for each in rows
        ]
        assert index.program.dtype == index.piece.dtype == index.style_music.dtype == np.uint8


def test_equal_examples_are_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        table.write(tmp_path / name, EXAMPLES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_is_left_beside_the_table(tmp_path: Path) -> None:
    table.write(tmp_path / "t", EXAMPLES)
    assert list(tmp_path.iterdir()) == [tmp_path / "t"]


@pytest.mark.parametrize("content", [None, b"", b"no Parquet at all", b"PAR1 cut"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(InputError, match=r"expected the table of note sequences in .*please make"):
        table.read(tmp_path / "t", "train")


def test_another_table_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "t")
    with pytest.raises(InputError, match="expected the table of note sequences"):
        table.read(tmp_path / "t", "train")
    with pytest.raises(InputError, match="expected the table of note sequences"):
        table.counts(tmp_path / "t")
