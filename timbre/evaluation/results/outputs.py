"""Outputs of a system: one Parquet file, a row a test case, with the audio as FLAC."""

import io
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.signal import Signal, flac

_SCHEMA = pa.schema([("case", pa.string()), ("audio", pa.binary())])


def write(path: Path, outputs: Mapping[str, Signal], sample_rate: int) -> None:
    """Write the outputs by the names of their cases; equal outputs give equal bytes.

    Args:
        path: of the file.
        outputs: `(L,)` in [-1, 1] each.
        sample_rate: Hz.
    """
    with replacing(path) as temporary, pq.ParquetWriter(temporary, _SCHEMA) as writer:
        for case, sound in outputs.items():  # a row group each, so that one is read alone
            row = {"case": case, "audio": flac(sound, sample_rate)}
            writer.write_table(pa.Table.from_pylist([row], _SCHEMA))


class Outputs:
    """Read the outputs of a system, one at a time.

    Args:
        path: of the file.

    Raises:
        InputError: if the file is missing or holds something else.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
            if not self._file.schema_arrow.equals(_SCHEMA):
                raise pa.ArrowInvalid("it has other columns")
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"expected what a system made of the test cases in {path}: {error}; "
                f"please make it with `./run dvc repro transfer@{path.stem}`."
            ) from None
        names = self._file.read(columns=["case"])["case"].to_pylist()
        self._row = {name: number for number, name in enumerate(names)}

    def get(self, case: str) -> Signal | None:
        """The output for a case; None if the system was not run on it."""
        if case not in self._row:
            return None
        (row,) = self._file.read_row_group(self._row[case], columns=["audio"]).to_pylist()
        sound: Signal = soundfile.read(io.BytesIO(row["audio"]), dtype="float32")[0]
        return sound
