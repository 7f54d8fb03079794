"""The table of examples: what was written is read."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audio import table
from audio.errors import InputError
from audio.examples import Example, Timbre
from audio.notes import notes_from_columns


def example(split: str, number: int) -> Example:
    rng = np.random.default_rng(number)
    start = np.sort(rng.uniform(0, 8, number))
    notes = notes_from_columns(rng.integers(128, size=number), [64] * number, start, start + 0.1)
    timbre = Timbre(number, "TimGM6mb", '[["tremolo", {"speed": 6.5}]]')
    return Example(
        split, f"{number + 2:032x}", f"{number:032x}", f"{number + 1:032x}", 2, -3, 4, notes,
        notes[::-1][:1], timbre, timbre._replace(effects="[]"),
    )  # fmt: skip


EXAMPLES = [example("train", 5), example("test", 1), example("train", 3), example("train", 0)]


def plain(examples: list[Example]) -> list[Any]:
    return [[v.tolist() if isinstance(v, np.ndarray) else v for v in row] for row in examples]


def test_what_was_written_is_read_split_by_split(tmp_path: Path) -> None:
    table.write(tmp_path / "t", EXAMPLES)
    assert plain(table.read(tmp_path / "t", "train")) == plain([EXAMPLES[i] for i in (0, 2, 3)])
    assert plain(table.read(tmp_path / "t", "test")) == plain([EXAMPLES[1]])
    assert table.read(tmp_path / "t", "valid") == []


def test_splits_are_counted(tmp_path: Path) -> None:
    table.write(tmp_path / "t", EXAMPLES)
    assert table.counts(tmp_path / "t") == {"train": 3, "test": 1}


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
