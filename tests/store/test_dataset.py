"""Batches: pure functions of seed and step, from memory or from disk; an epoch holds all once."""

import gc
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import tiny
from timbre.core.errors import InputError
from timbre.store import batches as dataset
from timbre.store.batches import Batch, Rows, StoreDataset
from timbre.store.store import Split
from timbre.store.style_crops import StyleCrops

CROP, STYLE = 16, 24
COUNT, CHUNK, BLOCK = 61, 4, 12  # six blocks an epoch, the last of one example; chunks as in tiny


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """Examples whose codes are their own number."""
    mel = np.empty((COUNT, 3, tiny.AUDIO.n_mels, tiny.FRAMES), np.uint8)
    mel[:] = np.arange(COUNT)[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "numbered"
    return Split(tiny.write_store(path, train=mel), "train")


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """Examples that differ in every frame."""
    path = tmp_path_factory.mktemp("data") / "varied"
    return Split(tiny.write_store(path, train=tiny.codes(COUNT)), "train")


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that there are several."""
    monkeypatch.setattr(dataset, "SHUFFLE_BLOCK", BLOCK)


def made(split: Split, content_view: str = "cross", **options: Any) -> StoreDataset:
    return StoreDataset(split, CROP, StyleCrops.fixed(STYLE), content_view, **options)


def equal(one: Batch, other: Batch) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def numbers(batch: Batch) -> list[int]:
    """Which examples of `numbered` a batch holds."""
    found: list[int] = batch.target[:, 0, 0].tolist()
    return found


def epoch(batches: StoreDataset, seed: int, number: int) -> list[int]:
    """The examples of an epoch in their order, by batches of one."""
    steps = range(number * COUNT, (number + 1) * COUNT)
    return [example for step in steps for example in numbers(batches.batch(seed, step, 1))]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("size", [5, BLOCK, 2 * BLOCK + 3, 2 * COUNT + 7])
def test_memory_and_disk_give_equal_batches(varied: Split, size: int) -> None:
    memory, disk = (made(varied, in_memory=held) for held in (True, False))
    for step in range(2 * COUNT // size + 2):
        one, other = memory.batch(1, step, size), disk.batch(1, step, size)
        assert equal(one, other)
        assert len(one.target) == size


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("size", [7, BLOCK + 5, 100])
def test_every_epoch_holds_every_example_once(numbered: Split, *, held: bool, size: int) -> None:
    batches = made(numbered, in_memory=held)
    steps = range(-(-4 * COUNT // size))
    drawn = [example for step in steps for example in numbers(batches.batch(0, step, size))]
    for start in range(0, 4 * COUNT, COUNT):
        assert sorted(drawn[start : start + COUNT]) == list(range(COUNT))


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("held", [True, False])
def test_a_batch_does_not_depend_on_what_was_asked_before(varied: Split, *, held: bool) -> None:
    size = 3
    first = made(varied, in_memory=held)
    expected = {(seed, n): first.batch(seed, n, size) for seed in (0, 1) for n in range(25)}
    asked = [*expected, (0, 3), (0, 3)]
    order = np.random.default_rng(3).permutation(len(asked)).tolist()
    for batches in (first, made(varied, in_memory=held)):
        for seed, step in (asked[place] for place in order):
            assert equal(batches.batch(seed, step, size), expected[seed, step])


@pytest.mark.usefixtures("blocks")
def test_epochs_and_seeds_differ_in_their_order(numbered: Split) -> None:
    batches = made(numbered)
    orders = [epoch(batches, seed, number) for seed in (0, 1) for number in (0, 1)]
    orders.append(list(range(COUNT)))
    for number, one in enumerate(orders):
        for other in orders[:number]:
            assert np.mean(np.equal(one, other)) < 0.2


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("held", [True, False])
def test_neighbours_in_an_epoch_come_from_anywhere_in_the_split(
    numbered: Split, *, held: bool
) -> None:
    order = np.array(epoch(made(numbered, in_memory=held), 0, 0))
    assert np.abs(np.diff(order)).mean() > COUNT / 4  # by chance a third, unshuffled it is 1
    assert np.mean(np.diff(order // CHUNK) == 0) < 0.4  # unshuffled it is three quarters


def test_one_block_is_shuffled_example_by_example(numbered: Split) -> None:
    order = np.array(epoch(made(numbered), 0, 0))
    assert np.mean(np.diff(order // CHUNK) == 0) < 0.15


def held_chunks() -> int:
    """How many chunks are in memory, whoever holds them."""
    return sum(type(each) is Rows for each in gc.get_objects())


@pytest.mark.usefixtures("blocks")
def test_no_more_than_three_blocks_are_in_memory(varied: Split) -> None:
    gc.collect()
    before, most = held_chunks(), 3 * BLOCK // CHUNK
    batches = made(varied, in_memory=False)
    held = []
    for step in range(2 * COUNT // 5):
        batches.batch(0, step, 5)
        if step % 4 == 3:
            deadline = time.monotonic() + 5
            while held_chunks() - before > most and time.monotonic() < deadline:
                time.sleep(0.01)  # the thread that makes the next batch is about to let some go
            held.append(held_chunks() - before)
    assert most / 3 <= max(held) <= most


def test_a_damaged_shard_is_told_from_memory_and_from_disk(tmp_path: Path) -> None:
    split = Split(tiny.write_store(tmp_path / "store", train=tiny.codes(24)), "train")
    batches = made(split, in_memory=False)
    shard = tmp_path / "store" / "train" / "mel" / "c" / "1" / "0" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:-1])
    sentence = f"expected {shard} as it was written"
    with pytest.raises(InputError, match=sentence):
        made(split, in_memory=True)
    with pytest.raises(InputError, match=sentence):
        for step in range(24 // 4):
            batches.batch(0, step, 4)
    with pytest.raises(InputError, match=sentence):
        batches.in_order(8, 4)
    assert np.array_equal(batches.in_order(0, 1).target, tiny.codes(24)[:1, 2, :, :CROP])
