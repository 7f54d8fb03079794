"""The store: what was written is read, and equal data is equal bytes in whatever order."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.conftest import hash_of
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.store import writing as writing
from timbre.store.store import INT16, VIEWS, Split
from timbre.store.writing import Content, Shard

COUNT, CHUNK, SHARD = 7, 2, 4
SHARDS = list(writing.shards("test", COUNT, SHARD))


def drawn(audio: Audio) -> Content:
    """What no two stores hold by chance."""
    rng = np.random.default_rng(0)
    views, frames = len(VIEWS), audio.segment_frames
    return Content(
        rng.integers(256, size=(COUNT, views, audio.n_mels, frames), dtype=np.uint8),
        rng.integers(256, size=(COUNT, 16, frames), dtype=np.uint8),
        rng.integers(-INT16, INT16, size=(COUNT, views, audio.segment_samples), dtype=np.int16),
    )


def build(path: Path, audio: Audio, content: Content, order: Iterable[Shard] = SHARDS) -> Path:
    """Make a store of one split, its shards written in some order."""
    index = {"program": np.arange(3 * COUNT, dtype=np.uint8).reshape(COUNT, 3)}
    writing.create(path, {"audio": audio.model_dump(), "fonts": ["a"]})
    writing.add_split(path, "test", index, audio, CHUNK, SHARD, keep_notes=True, keep_audio=COUNT)
    for shard in order:
        writing.write(path, shard, Content(*(v[shard.start : shard.stop] for v in content)))
    writing.finish(path, {"content": "abc"})
    return path


@pytest.fixture(scope="module")
def content(tiny_audio: Audio) -> Content:
    return drawn(tiny_audio)


@pytest.fixture
def store(tmp_path: Path, tiny_audio: Audio, content: Content) -> Path:
    return build(tmp_path / "a.zarr", tiny_audio, content)


def test_shards_hold_every_example_once() -> None:
    assert [(s.start, s.stop) for s in SHARDS] == [(0, 4), (4, 7)]
    assert [shard.name for shard in SHARDS] == ["test-00000000", "test-00000004"]


def test_what_was_written_is_read(store: Path, content: Content) -> None:
    split = Split(store, "test")
    assert len(split) == COUNT
    assert split.chunk == CHUNK
    for start in range(COUNT):
        for stop in range(start + 1, COUNT + 1):
            assert np.array_equal(split.mel(start, stop), content.mel[start:stop])
            assert np.array_equal(split.notes(start, stop), content.notes[start:stop])
    assert np.array_equal(split.mel(), content.mel)
    assert np.array_equal(split.notes(), content.notes)
    assert np.array_equal(np.rint(split.audio(5) * INT16), content.audio[5])
    assert split.audio(5).dtype == np.float32
    assert split.index("program").tolist() == np.arange(21).reshape(7, 3).tolist()


def test_attributes_of_both_times_are_read(store: Path, tiny_audio: Audio) -> None:
    attributes = Split(store, "test").attributes
    assert Audio.model_validate(attributes["audio"]) == tiny_audio
    assert (attributes["fonts"], attributes["content"]) == (["a"], "abc")


@pytest.mark.parametrize("order", [SHARDS[::-1], SHARDS * 2], ids=["backwards", "twice"])
def test_the_order_of_writing_does_not_matter(
    store: Path, tmp_path: Path, tiny_audio: Audio, content: Content, order: list[Shard]
) -> None:
    other = build(tmp_path / "b.zarr", tiny_audio, content, order)
    assert hash_of(other) == hash_of(store)


def test_a_shard_is_one_file(store: Path) -> None:
    for name in Content._fields:
        files = [file for file in (store / "test" / name).rglob("*") if file.is_file()]
        assert len(files) == len(SHARDS) + 1  # and zarr.json


def test_other_programs_read_it_with_zarr_alone(store: Path, content: Content) -> None:
    group = zarr.open_group(store, mode="r")
    assert np.array_equal(np.asarray(group["test/mel"]), content.mel)


def test_what_a_split_does_not_keep_is_not_there(
    tmp_path: Path, tiny_audio: Audio, content: Content
) -> None:
    path = tmp_path / "a.zarr"
    writing.create(path, {})
    index = {"font": np.zeros((COUNT, 3), np.uint8)}
    writing.add_split(
        path, "train", index, tiny_audio, CHUNK, SHARD, keep_notes=False, keep_audio=0
    )
    writing.write(path, Shard("train", 0, SHARD), Content(content.mel[:SHARD], None, None))
    split = Split(path, "train")
    assert split.audio_count == 0
    assert np.array_equal(split.mel(0, SHARD), content.mel[:SHARD])
    assert split.notes() is None
    assert sorted(each.name for each in (path / "train").iterdir()) == ["font", "mel", "zarr.json"]


@pytest.mark.parametrize("heard", [1, SHARD - 1, SHARD, SHARD + 1, COUNT])
def test_audio_of_the_first_examples_alone_is_read_and_damage_to_it_is_told(
    tmp_path: Path, tiny_audio: Audio, content: Content, heard: int
) -> None:
    assert content.audio is not None
    path = tmp_path / "a.zarr"
    writing.create(path, {})
    index = {"font": np.zeros((COUNT, 3), np.uint8)}
    writing.add_split(
        path, "test", index, tiny_audio, CHUNK, SHARD, keep_notes=False, keep_audio=heard
    )
    for shard in SHARDS:
        audio = content.audio[shard.start : min(shard.stop, heard)]
        mel = content.mel[shard.start : shard.stop]
        writing.write(path, shard, Content(mel, None, audio if len(audio) else None))
    split = Split(path, "test")
    assert split.audio_count == heard
    assert np.array_equal(split.samples(0, heard), content.audio[:heard])
    assert np.array_equal(split.mel(), content.mel)
    whole = [writing.files_digest(path, shard) for shard in SHARDS]
    assert all(whole)
    for number, file in enumerate(sorted((path / "test/audio/c").glob("*/*/*"))):
        data = file.read_bytes()
        file.write_bytes(bytes(100))
        found = [writing.files_digest(path, shard) for shard in SHARDS]
        same = [old == new for old, new in zip(whole, found, strict=True)]
        assert same == [other != number for other in range(len(SHARDS))]
        with pytest.raises(InputError, match=f"expected {file} as it was written"):
            split.samples(0, heard)
        file.write_bytes(data)


def test_contents_are_told_apart_by_their_digests(content: Content) -> None:
    changed = [content]
    for name, values in content._asdict().items():
        other = values.copy()
        other.flat[-1] ^= 1
        changed += [content._replace(**{name: other}), content._replace(**{name: None})]
    assert len({each.digest() for each in changed}) == len(changed)
    assert Content(*(values.copy() for values in content)).digest() == content.digest()


@pytest.mark.parametrize("split", ["train", "test/mel", ""])
def test_a_missing_split_is_refused(store: Path, split: str) -> None:
    with pytest.raises(InputError, match=r"expected a spectrogram store with a split .* build it"):
        Split(store, split)


def test_a_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a spectrogram store with a split 'train' in"):
        Split(tmp_path / "a.zarr", "train")
    assert list(tmp_path.iterdir()) == []
