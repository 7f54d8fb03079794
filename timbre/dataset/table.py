"""The table of examples: note sequences in one Parquet file."""

import itertools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from numpy.typing import NDArray

from timbre.core.columns import NOTES
from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.notes import notes_from_columns
from timbre.dataset.examples import STYLE_MUSIC, Example
from timbre.synthesis.timbres import Timbre

_TIMBRE = pa.struct(
    [
        ("program", pa.uint8()),
        ("font", pa.string()),
        ("effects", pa.string()),
        ("variation", pa.string()),
        ("preset", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("cluster", pa.string()),
        ("piece", pa.string()),
        ("style_piece", pa.string()),
        ("part", pa.int32()),
        ("transposition", pa.int8()),
        ("style_transposition", pa.int8()),
        ("notes", NOTES),
        ("style_notes", NOTES),
        ("timbre", _TIMBRE),
        ("content_timbre", _TIMBRE),
        ("group", pa.string()),
        ("style_music", pa.string()),
    ]
)


_GROUP_ROWS = 512  # rows that are written, and read, at once


def write(path: Path, examples: list[Example]) -> None:
    """Write the examples in their order; equal examples give equal bytes.

    Args:
        path: of the file.
        examples: those of a split side by side.
    """
    splits = [split for split, _ in itertools.groupby(examples, lambda example: example.split)]
    assert len(splits) == len(set(splits)), "the examples of a split have to be side by side"
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer,
    ):
        for start in range(0, len(examples), _GROUP_ROWS):
            rows = [example.row() for example in examples[start : start + _GROUP_ROWS]]
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))


def counts(path: Path) -> dict[str, int]:
    """Number of examples of each split."""
    sizes = _file(path).read(columns=["split"])["split"].value_counts()
    return {str(row["values"]): int(row["counts"]) for row in sizes.to_pylist()}


def read(path: Path, split: str, start: int = 0, stop: int | None = None) -> list[Example]:
    """The examples of one split from `start` to `stop`, in the table's order.

    No more of the file is read than holds them.

    Raises:
        InputError: if the file is missing or no such table.
    """
    file, sizes = _file(path), counts(path)
    before = sum(list(sizes.values())[: list(sizes).index(split)]) if split in sizes else 0
    last = sizes.get(split, 0) if stop is None else stop
    span = range(before + start, before + min(last, sizes.get(split, 0)))
    examples: list[Example] = []
    first = 0
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        inside = range(max(span.start, first), min(span.stop, first + count))
        if inside:
            group = file.read_row_group(number).slice(inside.start - first, len(inside))
            examples += [_example(row) for row in group.to_pylist()]
        first += count
    return examples


class Index(NamedTuple):
    """Views of a split: content, style and target in that order."""

    program: NDArray[np.uint8]  # (N, V)
    font: NDArray[np.str_]  # (N, V)
    piece: NDArray[np.uint8]  # (N, V, 16): the name of the piece that is played
    style_music: NDArray[np.uint8]  # (N,): what the style plays, a place in `STYLE_MUSIC`


def index(path: Path, split: str) -> Index:
    """The index of a split, read without its notes."""
    names = ("split", "piece", "style_piece", "timbre", "content_timbre", "style_music")
    table = _file(path).read(columns=list(names))
    table = table.filter(pa.compute.equal(table["split"], split)).flatten()
    columns = {
        name: np.array(table[name].to_pylist())
        for name in table.column_names
        if not name.endswith(("effects", "variation", "preset"))
    }
    timbres = ("content_timbre", "timbre", "timbre")
    pieces = "".join(
        itertools.chain.from_iterable(
            zip(columns["piece"], columns["style_piece"], columns["piece"], strict=True)
        )
    )
    return Index(
        np.stack([columns[f"{name}.program"] for name in timbres], axis=1).astype(np.uint8),
        np.stack([columns[f"{name}.font"] for name in timbres], axis=1),
        np.frombuffer(bytes.fromhex(pieces), np.uint8).reshape(len(table), len(timbres), -1),
        np.array([STYLE_MUSIC.index(name) for name in columns["style_music"]], np.uint8),
    )


def _file(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
        if file.schema_arrow != SCHEMA:
            raise pa.ArrowInvalid("it has other columns")
    except (FileNotFoundError, IsADirectoryError, pa.ArrowInvalid) as error:
        raise InputError(
            f"expected the table of note sequences in {path}: {error}; "
            "please make it with `./run dvc repro sequences`."
        ) from None
    return file


def _example(row: dict[str, Any]) -> Example:
    for name in ("notes", "style_notes"):
        row[name] = notes_from_columns(**row[name])
    for name in ("timbre", "content_timbre"):
        row[name] = Timbre(**row[name])
    return Example(**row)
