"""Style clips as they are cut: of any length, from anywhere, in any order, the same each time."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests import tiny
from tests.store.test_crops import ramp
from timbre.store.batches import StoreDataset
from timbre.store.store import Split
from timbre.store.style_crops import LENGTH_STEP, PIECE_STEP, Runs, StyleCrops

FRAMES = 500


def frames(runs: Runs) -> list[int]:
    """The numbers of the frames that are heard, in their order."""
    return [number for run in runs for number in range(FRAMES)[run]]


def drawn(crops: StyleCrops, step: int) -> list[list[int]]:
    return [frames(runs) for runs in crops.draw(np.random.default_rng(step), FRAMES, 8)]


def test_a_batch_has_one_length_and_lengths_cover_the_range() -> None:
    crops = StyleCrops(longest=496, shortest=64, pieces=1, view="style")
    lengths = []
    for step in range(400):
        (length,) = {len(clip) for clip in drawn(crops, step)}
        lengths.append(length)
    assert min(lengths) == 64
    assert max(lengths) >= 480
    assert all(length % LENGTH_STEP == 0 for length in lengths)
    # evenly over the logarithm: as many below the geometric mean as above
    assert 160 < sum(length < np.sqrt(64 * 496) for length in lengths) < 240


def test_pieces_in_any_order_are_those_of_one_run() -> None:
    crops = StyleCrops(longest=96, shortest=96, pieces=4, view="style")
    counts: Counter[int] = Counter()
    for step in range(100):
        for clip in drawn(crops, step):
            assert sorted(clip) == list(range(min(clip), min(clip) + 96))
            breaks = np.flatnonzero(np.diff(clip) != 1) + 1
            assert (breaks % PIECE_STEP == 0).all()
            counts[len(breaks) + 1] += 1
    assert set(counts) == {1, 2, 3, 4}


def test_more_pieces_than_a_clip_has_room_for_are_as_many_as_it_has() -> None:
    crops = StyleCrops(longest=8, shortest=8, pieces=50, view="style")
    assert {len(clip) for clip in drawn(crops, 0)} == {8}


def test_a_fixed_clip_is_one_run_from_anywhere() -> None:
    starts = set()
    for step in range(300):
        for clip in drawn(StyleCrops.fixed(480), step):
            assert clip == list(range(clip[0], clip[0] + 480))
            starts.add(clip[0])
    assert starts == set(range(FRAMES - 480 + 1))


@pytest.mark.parametrize("held", [True, False])
def test_the_targets_view_is_of_the_recording_that_is_to_be_made(
    tmp_path: Path, *, held: bool
) -> None:
    mel = ramp()
    mel[:, 1] += 10  # to tell the views apart
    split = Split(tiny.write_store(tmp_path / "store", train=mel), "train")
    shift = {
        view: StoreDataset(split, 16, StyleCrops.fixed(16, view), "self", held)
        .in_order(0, 4)
        .style[:, 0, 0]
        .astype(int)
        - mel[:, 2, 0, 0]
        for view in ("style", "target")
    }
    assert shift["style"].tolist() == [10] * 4  # the beginning of the style view
    assert shift["target"].tolist() == [tiny.FRAMES - 16] * 4  # the end of the target view


def test_equal_seeds_and_steps_give_equal_clips(tmp_path: Path) -> None:
    split = Split(tiny.write_store(tmp_path / "store", train=ramp()), "train")
    crops = StyleCrops(longest=24, shortest=8, pieces=3, view="style")
    one, other = (StoreDataset(split, 16, crops, "cross") for _ in range(2))
    for step in (3, 4, 11):  # one goes through the steps, the other is asked out of order
        one.batch(0, step - 1, 4)
        assert np.array_equal(one.batch(0, step, 4).style, other.batch(0, step, 4).style)
