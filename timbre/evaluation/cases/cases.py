"""The test cases: notes to keep, a sound to take on, and where it is known the right answer.

One Parquet file, a row a case, with the audio as FLAC inside: cases may be of any length, of
rendered notes or of recordings.
"""

import io
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

from timbre.core.columns import NOTES
from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.signal import Signal, flac


class Case(NamedTuple):
    """A test case. The audio is `(L,)` in [-1, 1]; content and target have one length."""

    name: str  # unique; the outputs are named by it
    group: str  # the bin of the benchmark, '' if there are none
    content_timbre: str  # what is heard, for people
    style_timbre: str
    content_family: str  # of `timbre.models.timbre_net.families`, '' if unknown
    style_family: str
    font: str  # soundfont, '' for recordings
    notes: Notes | None  # of content and target, None if nobody knows
    content: Signal
    style: Signal
    target: Signal | None  # None if nobody knows
    style_music: str = ""  # what the style plays, of `dataset.examples.STYLE_MUSIC`; '' if unknown


_LABELS = (
    "name",
    "group",
    "content_timbre",
    "style_timbre",
    "content_family",
    "style_family",
    "font",
    "style_music",
)
_FIELDS = ("pitch", "velocity", "start", "end")  # of notes
_AUDIO = ("content", "style", "target")
_SCHEMA = pa.schema(
    [
        *((label, pa.string()) for label in _LABELS),
        ("notes", NOTES),
        *((name, pa.binary()) for name in _AUDIO),
    ]
)


def write(path: Path, cases: list[Case], sample_rate: int) -> None:
    """Write the cases in their order; equal cases give equal bytes.

    Args:
        path: of the file.
        cases: with different names.
        sample_rate: Hz, of all audio.
    """
    assert len({case.name for case in cases}) == len(cases), "two cases of one name"
    schema = _SCHEMA.with_metadata({"sample_rate": str(sample_rate)})
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for case in cases:  # a row group each, so that a case is read alone
            row: dict[str, Any] = {label: getattr(case, label) for label in _LABELS}
            row["notes"] = (
                None
                if case.notes is None
                else {field: case.notes[field].tolist() for field in _FIELDS}
            )
            for name in _AUDIO:
                audio = getattr(case, name)
                row[name] = None if audio is None else flac(audio, sample_rate)
            writer.write_table(pa.Table.from_pylist([row], schema))


class Cases:
    """Read the cases of a benchmark, one at a time.

    Args:
        path: of the file.

    Raises:
        InputError: if the file is missing or no such table.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
            if not self._file.schema_arrow.equals(_SCHEMA):
                raise pa.ArrowInvalid("it has other columns")
            self.sample_rate = int(self._file.schema_arrow.metadata[b"sample_rate"])
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"expected the test cases in {path}: {error}; "
                "please make them with `./run dvc repro benchmark`."
            ) from None

    def __len__(self) -> int:
        return int(self._file.num_row_groups)

    def __getitem__(self, number: int) -> Case:
        (row,) = self._file.read_row_group(number).to_pylist()
        if row["notes"] is not None:
            row["notes"] = notes_from_columns(**row["notes"])
        for name in _AUDIO:
            if row[name] is not None:
                row[name] = soundfile.read(io.BytesIO(row[name]), dtype="float32")[0]
        return Case(**row)

    def labels(self) -> list[dict[str, str]]:
        """Labels of all cases, without notes and audio: a dictionary a case."""
        rows: list[dict[str, str]] = self._file.read(columns=list(_LABELS)).to_pylist()
        return rows
