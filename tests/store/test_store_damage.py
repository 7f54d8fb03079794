"""Damage to a store: no altered value is read, the file is named, and all else stays readable."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import hash_of
from tests.store.test_store import CHUNK, COUNT, SHARD, SHARDS, build, drawn
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.store import writing as writing
from timbre.store.store import INT16, Split
from timbre.store.writing import Content


@pytest.fixture
def store(tmp_path: Path, tiny_audio: Audio) -> Path:
    return build(tmp_path / "a.zarr", tiny_audio, drawn(tiny_audio))


SHARD_FILES = [f"{name}/c/{n}" for name in ("mel", "notes", "audio") for n in range(len(SHARDS))]


def whole(split: Split, name: str) -> Any:
    """All that an array holds."""
    if name == "audio":
        return [split.audio(example) for example in range(COUNT)]
    return getattr(split, name)() if name in ("mel", "notes") else split.index(name)


def values_of(path: Path, start: str = "") -> list[Path]:
    """The files that hold the values of a store's split, those whose names begin with `start`."""
    files = [file for file in path.glob("test/*/c/**/*") if file.is_file()]
    return sorted(file for file in files if str(file).startswith(f"{path}/test/{start}"))


def damages(data: bytes) -> Iterator[bytes | None]:
    """A bit flipped at sixty places, the ends among them; cut short; zeros alone; gone."""
    rng = np.random.default_rng(len(data))
    places = rng.choice(len(data), min(58, len(data)), replace=False).tolist()
    for place in {0, len(data) - 1, *places}:
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(rng.integers(8))
        yield bytes(flipped)
    yield from (data[:length] for length in {0, 1, 20, len(data) // 2, len(data) - 1})
    yield bytes(len(data))
    yield None


def put(file: Path, data: bytes | None) -> None:
    """Let a file hold `data`, None: let there be no such file."""
    file.unlink(missing_ok=True)
    if data is not None:
        file.write_bytes(data)


@pytest.mark.parametrize("start", [*SHARD_FILES, "program/c/0"])
def test_damage_anywhere_in_a_file_is_told_by_its_name(store: Path, start: str) -> None:
    (file,) = values_of(store, start)
    split, data = Split(store, "test"), file.read_bytes()
    for damaged in damages(data):
        put(file, damaged)
        with pytest.raises(InputError) as caught:
            whole(split, start.split("/")[0])
        assert str(caught.value).startswith(f"expected {file} as it was written")
        assert f"`rm -f {file} && ./run dvc repro spectrograms`" in str(caught.value)
    put(file, data)
    whole(split, start.split("/")[0])


def test_the_digest_of_a_shard_s_files_tells_damage_to_this_shard_alone(store: Path) -> None:
    whole = [writing.files_digest(store, shard) for shard in SHARDS]
    for start in SHARD_FILES:
        (file,) = values_of(store, start)
        data = file.read_bytes()
        for damaged in list(damages(data))[::-1][:12]:
            put(file, damaged)
            found = [writing.files_digest(store, shard) for shard in SHARDS]
            same = [old == new for old, new in zip(whole, found, strict=True)]
            assert same == [not start.endswith(str(n)) for n in range(len(SHARDS))]
        put(file, data)
    assert [writing.files_digest(store, shard) for shard in SHARDS] == whole


def test_a_damaged_shard_is_written_again(store: Path, tiny_audio: Audio) -> None:
    whole, content = hash_of(store), drawn(tiny_audio)
    for start in SHARD_FILES:
        (file,) = values_of(store, start)
        shard = SHARDS[int(start[-1])]
        for damaged in list(damages(file.read_bytes()))[::-1][:12]:
            put(file, damaged)
            part = Content(*(values[shard.start : shard.stop] for values in content))
            writing.write(store, shard, part)
            assert hash_of(store) == whole


def test_the_rest_of_a_damaged_store_is_read(store: Path, tiny_audio: Audio) -> None:
    for file in values_of(store, "mel/c/1") + values_of(store, "audio/c/0"):
        file.write_bytes(bytes(100))
    content = drawn(tiny_audio)
    split = Split(store, "test")
    assert np.array_equal(split.mel(0, SHARD), content.mel[:SHARD])
    assert np.array_equal(split.notes(), content.notes)
    assert np.array_equal(np.rint(split.audio(SHARD) * INT16), content.audio[SHARD])
    with pytest.raises(InputError, match="mel/c/1"):
        split.mel(SHARD - 1, SHARD + 1)
    with pytest.raises(InputError, match="audio/c/0"):
        split.audio(SHARD - 1)


def test_silence_is_not_taken_for_a_lost_shard(tmp_path: Path, tiny_audio: Audio) -> None:
    silence = Content(*map(np.zeros_like, drawn(tiny_audio)))
    split = Split(build(tmp_path / "b.zarr", tiny_audio, silence), "test")
    for name in Content._fields:
        assert not np.any(whole(split, name))


def test_opening_reads_no_values(store: Path) -> None:
    for file in values_of(store):
        file.unlink()
    split = Split(store, "test")
    assert (len(split), split.chunk, split.attributes["content"]) == (COUNT, CHUNK, "abc")
    for name in (*Content._fields, "program"):
        with pytest.raises(InputError, match=f"test/{name}/c/0"):
            whole(split, name)
