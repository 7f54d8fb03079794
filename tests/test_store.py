"""The store: what was written is read, and equal data is equal bytes in whatever order."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from audio import store
from audio.errors import InputError
from audio.mel import Codes
from audio.params import Audio
from audio.store import Shard, Split
from tests.conftest import hash_of

COUNT, CHUNK, SHARD = 7, 2, 4
SHARDS = list(store.shards("test", COUNT, SHARD))

Build = Callable[..., Path]


@pytest.fixture(scope="module")
def mel(tiny_audio: Audio) -> Codes:
    rng = np.random.default_rng(0)
    shape = (COUNT, len(store.VIEWS), tiny_audio.n_mels, tiny_audio.segment_frames)
    return rng.integers(256, size=shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def audio(tiny_audio: Audio) -> NDArray[np.int16]:
    rng = np.random.default_rng(1)
    shape = (COUNT, len(store.VIEWS), tiny_audio.segment_samples)
    return rng.integers(-store.INT16, store.INT16, size=shape, dtype=np.int16)


@pytest.fixture
def build(tmp_path: Path, tiny_audio: Audio, mel: Codes, audio: NDArray[np.int16]) -> Build:
    """`build(name, order of shards)` makes a store with one split in it."""
    index = {"program": np.arange(3 * COUNT, dtype=np.uint8).reshape(COUNT, 3)}

    def build(name: str, order: Iterable[Shard] = SHARDS) -> Path:
        path = tmp_path / name
        store.create(path, {"audio": tiny_audio.model_dump(), "fonts": ["a"]})
        store.add_split(path, "test", index, tiny_audio, CHUNK, SHARD, keep_audio=True)
        for shard in order:
            run = slice(shard.start, shard.stop)
            store.write(path, shard, mel[run], audio[run])
        store.finish(path, {"content": "abc"})
        return path

    return build


def test_shards_hold_every_example_once() -> None:
    assert [(s.start, s.stop) for s in SHARDS] == [(0, 4), (4, 7)]
    assert [shard.name for shard in SHARDS] == ["test-00000000", "test-00000004"]


def test_what_was_written_is_read(build: Build, mel: Codes, audio: NDArray[np.int16]) -> None:
    split = Split(build("a.zarr"), "test")
    assert len(split) == COUNT
    assert np.array_equal(split.mel(), mel)
    assert np.array_equal(split.mel(3, 5), mel[3:5])
    assert np.array_equal(np.rint(split.audio(5) * store.INT16), audio[5])
    assert split.audio(5).dtype == np.float32
    assert split.index("program").tolist() == np.arange(21).reshape(7, 3).tolist()


def test_attributes_of_both_times_are_read(build: Build, tiny_audio: Audio) -> None:
    attributes = Split(build("a.zarr"), "test").attributes
    assert Audio.model_validate(attributes["audio"]) == tiny_audio
    assert (attributes["fonts"], attributes["content"]) == (["a"], "abc")


def test_the_order_of_writing_does_not_matter(build: Build) -> None:
    assert hash_of(build("a.zarr", SHARDS)) == hash_of(build("b.zarr", SHARDS[::-1]))


def test_writing_twice_is_writing_once(build: Build) -> None:
    assert hash_of(build("a.zarr", SHARDS * 2)) == hash_of(build("b.zarr"))


def test_a_shard_is_one_file(build: Build) -> None:
    path = build("a.zarr")
    files = sorted(f.name for f in (path / "test" / "mel").rglob("*") if f.is_file())
    assert len(files) == len(SHARDS) + 1  # and zarr.json


def test_other_programs_read_it_with_zarr_alone(build: Build, mel: Codes) -> None:
    group = zarr.open_group(build("a.zarr"), mode="r")
    assert np.array_equal(np.asarray(group["test/mel"]), mel)


def test_a_split_without_audio_keeps_none(tmp_path: Path, tiny_audio: Audio, mel: Codes) -> None:
    path = tmp_path / "a.zarr"
    store.create(path, {})
    index = {"font": np.zeros((COUNT, 3), np.uint8)}
    store.add_split(path, "train", index, tiny_audio, CHUNK, SHARD, keep_audio=False)
    store.write(path, Shard("train", 0, SHARD), mel[:SHARD], None)
    assert np.array_equal(Split(path, "train").mel(0, SHARD), mel[:SHARD])
    assert not (path / "train" / "audio").exists()


@pytest.mark.parametrize("split", ["train", "test/mel", ""])
def test_a_missing_split_is_refused(build: Build, split: str) -> None:
    with pytest.raises(InputError, match=r"expected a spectrogram store with a split .* build it"):
        Split(build("a.zarr"), split)


def test_a_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a spectrogram store with a split 'train' in"):
        Split(tmp_path / "a.zarr", "train")
    assert list(tmp_path.iterdir()) == []
