"""What a batch holds of its examples: cropped alike where it matters, by chance where it may be."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import tiny
from timbre.core.errors import InputError
from timbre.store.batches import StoreDataset, step_seed
from timbre.store.store import Split
from timbre.store.style_crops import StyleCrops

COUNT, CROP, STYLE = 12, 16, 24


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """Examples that differ in every frame."""
    path = tmp_path_factory.mktemp("data") / "store"
    return Split(tiny.write_store(path, train=tiny.codes(COUNT)), "train")


def made(split: Split, content_view: str = "cross", *, in_memory: bool = True) -> StoreDataset:
    return StoreDataset(split, CROP, StyleCrops.fixed(STYLE), content_view, in_memory)


def ramp() -> NDArray[np.uint8]:
    """Examples whose codes tell the frame, plus 40 for each example and 1 in the content."""
    mel = np.broadcast_to(np.arange(tiny.FRAMES), (4, 3, tiny.AUDIO.n_mels, tiny.FRAMES)).copy()
    mel += 40 * np.arange(4)[:, None, None, None]
    mel[:, 0] += 1
    return mel.astype(np.uint8)


@pytest.fixture
def ramps(tmp_path: Path) -> Split:
    return Split(tiny.write_store(tmp_path / "store", train=ramp()), "train")


def test_seeds_differ_between_runs_and_steps() -> None:
    seeds = {step_seed(run, step) for run in range(20) for step in range(20)}
    assert len(seeds) == 400
    assert step_seed(3, 4) == step_seed(3, 4)


def test_content_style_and_target_have_their_lengths(store: Split) -> None:
    content, style, target, notes, programs = made(store).batch(0, 0, 5)
    assert notes is not None
    assert notes.shape == (5, 16, CROP)
    assert programs.shape == (5, 3)
    assert content.shape == target.shape == (5, tiny.AUDIO.n_mels, CROP)
    assert style.shape == (5, tiny.AUDIO.n_mels, STYLE)


def test_content_and_target_are_cropped_alike_and_style_by_itself(ramps: Split) -> None:
    content, style, target, *_ = made(ramps).batch(0, 0, 64)
    assert np.array_equal(content, target + 1)
    assert np.array_equal(style[:, 0, 0] // 40, target[:, 0, 0] // 40)  # of the same example
    starts, style_starts = target[:, 0, 0] % 40, style[:, 0, 0] % 40
    assert not np.array_equal(starts, style_starts)
    assert set(starts) == set(range(tiny.FRAMES - CROP + 1))
    assert set(style_starts) == set(range(tiny.FRAMES - STYLE + 1))


def test_the_notes_are_those_of_the_target(store: Split) -> None:
    mel = tiny.codes(COUNT)
    whole, batch = tiny.notes(mel), made(store).batch(0, 0, 16)
    assert batch.notes is not None
    for target, notes in zip(batch.target, batch.notes, strict=True):
        found = [
            np.array_equal(whole[number][:, start : start + CROP], notes)
            for number in range(len(mel))
            for start in range(tiny.FRAMES - CROP + 1)
            if np.array_equal(mel[number, 2, :, start : start + CROP], target)
        ]
        assert any(found)


def test_in_the_self_view_the_content_is_the_target(store: Split) -> None:
    content, style, target, *_ = made(store, "self").batch(0, 0, 8)
    assert np.array_equal(content, target)
    assert not np.array_equal(style[..., :CROP], target)


@pytest.mark.parametrize("held", [True, False])
def test_validation_goes_through_all_examples_in_order(ramps: Split, *, held: bool) -> None:
    batches = made(ramps, in_memory=held)
    targets = [batches.in_order(start, 3).target for start in range(0, len(batches), 3)]
    assert [len(target) for target in targets] == [3, 1]
    firsts = np.concatenate(targets)[:, 0, 0]
    assert [first // 40 for first in firsts] == [0, 1, 2, 3]  # values of a segment rise from 40 n
    again = np.concatenate([batches.in_order(start, 1).target for start in range(len(batches))])
    assert np.array_equal(again, np.concatenate(targets))


def test_places_of_validation_lie_all_over_the_segments(store: Split) -> None:
    batches = made(store)
    whole, crops = store.mel()[:, 2], batches.in_order(0, len(store)).target
    places = [
        next(at for at in range(whole.shape[2]) if np.array_equal(mel[:, at : at + CROP], crop))
        for mel, crop in zip(whole, crops, strict=True)
    ]
    last = whole.shape[2] - CROP
    assert min(places) == 0
    assert max(places) > 0.8 * last
    assert np.mean(places) == pytest.approx(last / 2, rel=0.2)


def test_a_crop_longer_than_a_segment_is_refused(ramps: Split) -> None:
    with pytest.raises(InputError, match=r"at most the 32 frames of a segment, got 40 and 16\.$"):
        StoreDataset(ramps, 40, StyleCrops.fixed(16), "cross")


def test_the_crops_of_an_example_differ_from_epoch_to_epoch(store: Split) -> None:
    batches = made(store)
    crops = [{codes.tobytes() for codes in batches.batch(0, n, COUNT).target} for n in (0, 1)]
    assert len(crops[0] & crops[1]) < COUNT / 2
