"""The table of examples: note sequences in one Parquet file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audio.errors import InputError
from audio.examples import Example, Timbre
from audio.files import replacing
from audio.notes import notes_from_columns

_NOTES = pa.struct(
    [
        ("pitch", pa.list_(pa.uint8())),
        ("velocity", pa.list_(pa.uint8())),
        ("start", pa.list_(pa.float32())),
        ("end", pa.list_(pa.float32())),
    ]
)
_TIMBRE = pa.struct([("program", pa.uint8()), ("font", pa.string()), ("effects", pa.string())])
SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("cluster", pa.string()),
        ("piece", pa.string()),
        ("style_piece", pa.string()),
        ("part", pa.int32()),
        ("transposition", pa.int8()),
        ("style_transposition", pa.int8()),
        ("notes", _NOTES),
        ("style_notes", _NOTES),
        ("timbre", _TIMBRE),
        ("content_timbre", _TIMBRE),
    ]
)


def write(path: Path, examples: list[Example]) -> None:
    """Write the examples in their order; equal examples give equal bytes."""
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer,
    ):
        for start in range(0, len(examples), 4096):
            rows = [example.row() for example in examples[start : start + 4096]]
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))


def counts(path: Path) -> dict[str, int]:
    """How many examples each split has."""
    column = _read(path, columns=["split"])["split"].to_pylist()
    return {split: column.count(split) for split in dict.fromkeys(column)}


def read(path: Path, split: str) -> list[Example]:
    """The examples of one split, in the table's order.

    Raises:
        InputError: if the file is missing or no such table.
    """
    table = _read(path, filters=[("split", "==", split)])
    return [_example(row) for row in _rows(table)]


def _read(path: Path, **options: Any) -> pa.Table:
    try:
        return pq.read_table(path, **options)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise InputError(
            f"expected the table of note sequences in {path}: {error}; "
            "please make it with `./run dvc repro sequences`."
        ) from None


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


def _example(row: dict[str, Any]) -> Example:
    for name in ("notes", "style_notes"):
        row[name] = notes_from_columns(**row[name])
    for name in ("timbre", "content_timbre"):
        row[name] = Timbre(**row[name])
    return Example(**row)
