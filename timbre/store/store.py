"""The spectrogram store: one Zarr v3 group a split, few large shards, read-only once written.

`mel` is uint8 `(N, V, M, T)`, the codes of `timbre.audio.mel`, with the views of an example side by
side: `content`, `style`, `target`. `notes` is uint8 `(N, 16, T)`: which of the 128 MIDI pitches of
content and target sound in each frame, eight to a byte. `audio` is int16 `(N', V, L)` where the
split keeps it, of its first examples or of all. Small arrays beside them say what each view is:
`program` uint8 and `font` uint8 `(N, V)`, the latter an index into the attribute `fonts`,
`piece` uint8 `(N, V, 16)`, the piece's name by content, and `style_music` uint8 `(N,)`: whether the
style plays the target's piece (0), another one that is alike (1) or any other one (2).

A chunk is what a reader takes at once, a shard is what one writer writes whole: two writers in one
shard would lose data. Every chunk carries a checksum.
"""

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from timbre.audio.mel import Codes
from timbre.core.errors import InputError

VIEWS = ("content", "style", "target")
INT16 = 32767  # full scale of the stored audio


class Split:
    """Read one split of a store.

    What is read raises `InputError` where a shard is missing, cut short or altered.

    Args:
        path: the store.
        name: `train`, `valid` or `test`.

    Raises:
        InputError: if there is no such store or split.
    """

    def __init__(self, path: Path, name: str) -> None:
        try:
            self._root = zarr.open_group(path, mode="r")
            group = self._root[name]
            if not isinstance(group, zarr.Group):
                raise KeyError(name)
            folders = [each for each in (path / name).iterdir() if each.is_dir()]
            # Zarr passes over an array whose description is lost
            if not all((folder / "zarr.json").exists() for folder in folders):
                raise ValueError(name)
            self._arrays: dict[str, zarr.Array[Any]] = dict(group.arrays())
            self._mel = self._arrays["mel"]
        except (FileNotFoundError, KeyError):
            raise InputError(
                f"expected a spectrogram store with a split {name!r} in {path}; "
                "please build it with `./run dvc repro spectrograms`."
            ) from None
        except ValueError as error:  # no JSON, no text, or JSON of something else
            raise InputError(
                f"expected the zarr.json files in {path} as they were written, found one missing "
                f"or altered; please restore them with `rm -rf {path} && ./run dvc repro "
                "spectrograms`."
            ) from error
        self._path, self.name = path, name
        self.attributes: dict[str, Any] = dict(self._root.attrs)
        self.chunk: int = self._mel.chunks[0]  # examples that are best read at once
        # of how many first examples the audio is there too
        self.audio_count = int(self._arrays["audio"].shape[0]) if "audio" in self._arrays else 0

    def __len__(self) -> int:
        return int(self._mel.shape[0])

    def mel(self, start: int = 0, stop: int | None = None) -> Codes:
        """Codes of a run of examples: `(N, V, M, T)` uint8."""
        return self._read("mel", start, len(self) if stop is None else stop)

    def notes(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint8] | None:
        """Pitches that sound in content and target: `(N, 16, T)`, to be unpacked along axis 1.

        None in a store of sounds whose notes nobody knows.
        """
        if "notes" not in self._arrays:
            return None
        return self._read("notes", start, len(self) if stop is None else stop)

    def audio(self, example: int) -> NDArray[np.float32]:
        """Audio of the views of one example: `(V, L)` in [-1, 1]."""
        integers = self.samples(example, example + 1)[0]
        return np.asarray(integers, np.float32) / np.float32(INT16)

    def samples(self, start: int, stop: int) -> NDArray[np.int16]:
        """Audio of a run of the first `audio_count` examples, as stored: `(N, V, L)`."""
        return self._read("audio", start, stop)

    def has_column(self, name: str) -> bool:
        """Whether the index has this column: stores of earlier versions lack some."""
        return name in self._arrays

    def index(self, name: str) -> NDArray[np.uint8]:
        """A column of the index: `program`, `font`, `piece` or `style_music`."""
        return self._read(name, 0, len(self))

    def _read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Rows of an array, shard by shard, so that a fault names its file."""
        array = self._arrays[name]
        size, stop = (array.shards or array.chunks)[0], min(stop, array.shape[0])
        parts = [np.empty((0, *array.shape[1:]), array.dtype)]
        for begin in range(start - start % size, stop, size):
            file = (
                self._path
                / self.name
                / name
                / array.metadata.encode_chunk_key((begin // size, *(0,) * (array.ndim - 1)))
            )
            try:
                # Zarr would give zeros for a file that is missing or empty
                if file.stat().st_size == 0:
                    raise EOFError
                parts.append(np.asarray(array[max(start, begin) : min(stop, begin + size)]))
            except (EOFError, OSError, RuntimeError, ValueError) as error:
                raise InputError(
                    f"expected {file} as it was written, found it missing, cut short or altered; "
                    f"please restore it with `rm -f {file} && ./run dvc repro spectrograms`."
                ) from error
        return np.concatenate(parts) if len(parts) > 2 else parts[-1]
