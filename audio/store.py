"""The spectrogram store: one Zarr v3 group a split, few large shards, read-only once written.

`mel` is uint8 `(N, V, M, T)`, the codes of `audio.mel`, with the views of an example side by side:
`content`, `style`, `target`. Small arrays beside it say what each view is: `program` uint8 and
`font` uint8 `(N, V)`, the latter an index into the attribute `fonts`, and `piece` uint8
`(N, V, 16)`, the piece's name by content. `notes` is uint8 `(N, 16, T)`: which of the 128 MIDI
pitches of content and target sound in each frame, eight to a byte. `audio` is int16 `(N, V, L)`
where the split keeps it.

A chunk is what a reader takes at once, a shard is what one writer writes whole: two writers in one
shard would lose data.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from audio.errors import InputError
from audio.mel import Codes
from audio.params import Audio

VIEWS = ("content", "style", "target")
INT16 = 32767  # full scale of the stored audio


class Shard(NamedTuple):
    """A run of examples that are stored in one shard."""

    split: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """A file name for it."""
        return f"{self.split}-{self.start:08d}"


def shards(split: str, count: int, shard_examples: int) -> Iterator[Shard]:
    """The shards of a split of `count` examples."""
    for start in range(0, count, shard_examples):
        yield Shard(split, start, min(start + shard_examples, count))


def create(path: Path, attributes: dict[str, Any]) -> None:
    """Make an empty store. No time, host or path goes into it, so equal data is equal bytes."""
    zarr.create_group(path, attributes=attributes)


def add_split(
    path: Path,
    split: str,
    index: dict[str, NDArray[np.uint8]],
    audio: Audio,
    chunk_examples: int,
    shard_examples: int,
    *,
    keep_audio: bool,
) -> None:
    """Add a split: its index, whole, and room for its spectrograms.

    Args:
        path: the store.
        split: its name.
        index: `(N, ...)` for each name.
        audio: for the shapes.
        chunk_examples: examples in a chunk.
        shard_examples: examples in a shard, a multiple of `chunk_examples`.
        keep_audio: make room for the audio too.
    """
    group = zarr.open_group(path, mode="r+").create_group(split)
    count = 0
    for name, column in index.items():
        rows = min(len(column), shard_examples)
        group.create_array(name, data=column, chunks=(rows, *column.shape[1:]))
        count = len(column)
    spatial: dict[str, tuple[str, tuple[int, ...], int]] = {
        "mel": ("uint8", (audio.n_mels, audio.segment_frames), chunk_examples)
    }
    if keep_audio:
        spatial["audio"] = ("int16", (audio.segment_samples,), 1)
    for name, (dtype, shape, chunk) in spatial.items():
        group.create_array(
            name,
            shape=(count, len(VIEWS), *shape),
            dtype=dtype,
            chunks=(chunk, len(VIEWS), *shape),
            shards=(shard_examples, len(VIEWS), *shape),
            # neighbouring codes share their high bits, which bitshuffle brings together for zstd
            compressors=BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),
            fill_value=0,
        )


def write(path: Path, shard: Shard, mel: Codes, audio: NDArray[np.int16] | None) -> None:
    """Write one shard whole. Different shards may be written at the same time, by anyone."""
    group = zarr.open_group(path, mode="r+")
    _array(group, shard.split, "mel")[shard.start : shard.stop] = mel
    if audio is not None:
        _array(group, shard.split, "audio")[shard.start : shard.stop] = audio


def finish(path: Path, attributes: dict[str, Any]) -> None:
    """Add attributes that are known only when all shards are written.

    What writers that were killed have left is cleared away: Zarr writes a file beside its name, and
    renames it when it is whole.
    """
    for left in path.rglob("*.partial"):
        left.unlink()
    zarr.open_group(path, mode="r+").attrs.update(attributes)


class Split:
    """Read one split of a store.

    Args:
        path: the store.
        name: `train`, `valid` or `test`.

    Raises:
        InputError: if there is no such store or split.
    """

    def __init__(self, path: Path, name: str) -> None:
        try:
            self._root, self._name = zarr.open_group(path, mode="r"), name
            self._mel = _array(self._root, name, "mel")
        except (FileNotFoundError, KeyError):
            raise InputError(
                f"expected a spectrogram store with a split {name!r} in {path}; "
                "please build it with `./run dvc repro spectrograms`."
            ) from None
        self.attributes: dict[str, Any] = dict(self._root.attrs)

    def __len__(self) -> int:
        return int(self._mel.shape[0])

    def mel(self, start: int = 0, stop: int | None = None) -> Codes:
        """Codes of a run of examples: `(N, V, M, T)` uint8."""
        return np.asarray(self._mel[start : len(self) if stop is None else stop], np.uint8)

    def notes(self) -> NDArray[np.uint8] | None:
        """Which pitches sound in content and target: `(N, 16, T)`, to be unpacked along axis 1.

        None in a store of sounds whose notes nobody knows.
        """
        if f"{self._name}/notes" not in self._root:
            return None
        return np.asarray(_array(self._root, self._name, "notes")[:], np.uint8)

    def audio(self, example: int) -> NDArray[np.float32]:
        """Audio of the views of one example: `(V, L)` in [-1, 1]."""
        stored = _array(self._root, self._name, "audio")[example]
        return np.asarray(stored, np.float32) / np.float32(INT16)

    def index(self, name: str) -> NDArray[np.uint8]:
        """A column of the index: `program`, `font` or `piece`."""
        return np.asarray(_array(self._root, self._name, name)[:], np.uint8)


def _array(root: zarr.Group, split: str, name: str) -> zarr.Array[Any]:
    """An array of a split."""
    array = root[f"{split}/{name}"]
    assert isinstance(array, zarr.Array)
    return array
