"""Write a spectrogram store: equal data gives equal bytes, whoever writes which shard when.

No time, host or path goes into it.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec

from timbre.audio.mel import Codes
from timbre.core.params import Audio
from timbre.store.store import VIEWS

_INDEX_ROWS = 65536  # of the small arrays in a file

# Measured on rendered codes, in bytes a second of audio and MB/s to read on one core: this 4,290
# and 670; bitshuffle before it 4,600; zstd at level 1 4,950, at 9 4,120 and half as fast to write;
# lz4 5,700 and 3,600. Prediction along time gives 3,400 (delta, zstd at level 1) but halves the
# speed of reading and is no codec of the Zarr specification; better predictors, 3,000 at best.
_COMPRESSORS = [ZstdCodec(level=5), Crc32cCodec()]


class Shard(NamedTuple):
    """A run of examples that are stored in one shard."""

    split: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """A file name for it."""
        return f"{self.split}-{self.start:08d}"


class Content(NamedTuple):
    """Contents of a shard; None where its split keeps none."""

    mel: Codes  # (N, V, M, T)
    notes: NDArray[np.uint8] | None  # (N, 16, T)
    audio: NDArray[np.int16] | None  # (N', V, L), of the first examples or of all

    def digest(self) -> str:
        """SHA-256, by which one content can be told from another."""
        digest = hashlib.sha256()
        for values in self:
            if values is not None:
                digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()


def shards(split: str, count: int, shard_examples: int) -> Iterator[Shard]:
    """The shards of a split of `count` examples."""
    for start in range(0, count, shard_examples):
        yield Shard(split, start, min(start + shard_examples, count))


def create(path: Path, attributes: dict[str, Any]) -> None:
    """Make an empty store."""
    zarr.create_group(path, attributes=attributes)


def add_split(
    path: Path,
    split: str,
    index: dict[str, NDArray[np.uint8]],
    audio: Audio,
    chunk_examples: int,
    shard_examples: int,
    *,
    keep_notes: bool,
    keep_audio: int,
) -> None:
    """Add a split: its index, whole, and room for the rest.

    Args:
        path: the store.
        split: its name.
        index: `(N, ...)` for each name.
        audio: for the shapes.
        chunk_examples: examples in a chunk.
        shard_examples: examples in a shard, a multiple of `chunk_examples`.
        keep_notes: make room for the notes.
        keep_audio: make room for the audio of so many first examples.
    """
    group = zarr.open_group(path, mode="r+").create_group(split)
    count = 0
    for name, column in index.items():
        rows = min(len(column), _INDEX_ROWS)
        with zarr.config.set({"array.write_empty_chunks": True}):
            group.create_array(
                name,
                data=column,
                chunks=(rows, *column.shape[1:]),
                compressors=_COMPRESSORS,
            )
        count = len(column)
    frames = audio.segment_frames
    spatial: dict[str, tuple[str, tuple[int, ...], int]] = {
        "mel": ("uint8", (len(VIEWS), audio.n_mels, frames), chunk_examples)
    }
    if keep_notes:
        spatial["notes"] = ("uint8", (16, frames), chunk_examples)
    if keep_audio:
        spatial["audio"] = ("int16", (len(VIEWS), audio.segment_samples), 1)
    for name, (dtype, shape, chunk) in spatial.items():
        group.create_array(
            name,
            shape=(keep_audio if name == "audio" else count, *shape),
            dtype=dtype,
            chunks=(chunk, *shape),
            shards=(shard_examples, *shape),
            compressors=_COMPRESSORS,
            fill_value=0,
        )


def write(path: Path, shard: Shard, content: Content) -> None:
    """Write one shard whole. Different shards may be written at the same time, by anyone."""
    group = zarr.open_group(path, mode="r+")
    for file in _files(path, shard):
        file.unlink(missing_ok=True)  # Zarr reads what is there, and it may be damaged
    # chunks of zeros too, or a shard that is lost could not be told from silence
    with zarr.config.set({"array.write_empty_chunks": True}):
        for name, values in content._asdict().items():
            if values is not None:
                array = group[f"{shard.split}/{name}"]
                assert isinstance(array, zarr.Array)
                array[shard.start : shard.start + len(values)] = values


def files_digest(path: Path, shard: Shard) -> str:
    """SHA-256 of a shard's files as they lie on the disk; of nothing if one is missing."""
    digest = hashlib.sha256()
    for file in _files(path, shard):
        if not file.exists():
            return ""
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _files(path: Path, shard: Shard) -> list[Path]:
    """The files of a shard, one an array that reaches so far."""
    group = zarr.open_group(path, mode="r")[shard.split]
    assert isinstance(group, zarr.Group)
    files = []
    for name, array in sorted(group.arrays()):
        if array.shards is not None and shard.start < array.shape[0]:
            key = (shard.start // array.shards[0], *(0,) * (array.ndim - 1))
            files.append(path / shard.split / name / array.metadata.encode_chunk_key(key))
    return files


def finish(path: Path, attributes: dict[str, Any]) -> None:
    """Add attributes that are known only when all shards are written.

    What writers that were killed have left is cleared away: Zarr writes a file beside its name, and
    renames it when it is whole.
    """
    for left in path.rglob("*.partial"):
        left.unlink()
    zarr.open_group(path, mode="r+").attrs.update(attributes)
