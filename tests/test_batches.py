"""Batches: a pure function of the seed, cropped alike where it matters."""

from pathlib import Path

import numpy as np
import pytest

from audio.errors import InputError
from audio.store import Split
from models.batches import Batches, step_seed
from tests import tiny

CROP, STYLE = 16, 24


def batches(folder: Path, content_view: str = "cross", mel: np.ndarray | None = None) -> Batches:
    codes = tiny.codes(6) if mel is None else mel
    return Batches(
        Split(tiny.write_store(folder / "store", train=codes), "train"), CROP, STYLE, content_view
    )


def ramp() -> np.ndarray:
    """Examples whose codes tell the frame, plus 40 for each example and 1 in the content."""
    mel = np.broadcast_to(np.arange(tiny.FRAMES), (4, 3, tiny.AUDIO.n_mels, tiny.FRAMES)).copy()
    mel += 40 * np.arange(4)[:, None, None, None]
    mel[:, 0] += 1
    return mel.astype(np.uint8)


def test_a_batch_is_a_function_of_the_seed(tmp_path: Path) -> None:
    made = batches(tmp_path)
    first, other = made.draw(7, 8), made.draw(8, 8)
    again = made.draw(7, 8)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_seeds_differ_between_runs_and_steps() -> None:
    seeds = {step_seed(run, step) for run in range(20) for step in range(20)}
    assert len(seeds) == 400
    assert step_seed(3, 4) == step_seed(3, 4)


def test_content_style_and_target_have_their_lengths(tmp_path: Path) -> None:
    content, style, target, notes = batches(tmp_path).draw(0, 5)
    assert notes is not None
    assert notes.shape == (5, 16, CROP)
    assert content.shape == target.shape == (5, tiny.AUDIO.n_mels, CROP)
    assert style.shape == (5, tiny.AUDIO.n_mels, STYLE)


def test_content_and_target_are_cropped_alike_and_style_by_itself(tmp_path: Path) -> None:
    content, style, target, _ = batches(tmp_path, mel=ramp()).draw(0, 64)
    assert np.array_equal(content, target + 1)
    assert np.array_equal(style[:, 0, 0] // 40, target[:, 0, 0] // 40)  # of the same example
    starts, style_starts = target[:, 0, 0] % 40, style[:, 0, 0] % 40
    assert not np.array_equal(starts, style_starts)
    assert set(starts) == set(range(tiny.FRAMES - CROP + 1))
    assert set(style_starts) == set(range(tiny.FRAMES - STYLE + 1))


def test_the_notes_are_those_of_the_target(tmp_path: Path) -> None:
    mel = tiny.codes(4)
    batch = batches(tmp_path, mel=mel).draw(0, 16)
    whole = tiny.notes(mel)
    for target, notes in zip(batch.target, batch.notes, strict=True):
        found = [
            np.array_equal(whole[number][:, start : start + CROP], notes)
            for number in range(len(mel))
            for start in range(tiny.FRAMES - CROP + 1)
            if np.array_equal(mel[number, 2, :, start : start + CROP], target)
        ]
        assert any(found)


def test_in_the_self_view_the_content_is_the_target(tmp_path: Path) -> None:
    content, style, target, _ = batches(tmp_path, "self").draw(0, 8)
    assert np.array_equal(content, target)
    assert not np.array_equal(style[..., :CROP], target)


def test_validation_goes_through_all_examples_in_order(tmp_path: Path) -> None:
    made = batches(tmp_path, mel=ramp())
    targets = [made.in_order(start, 3)[2] for start in range(0, len(made), 3)]
    assert [len(target) for target in targets] == [3, 1]
    assert np.concatenate(targets)[:, 0, 0].tolist() == [0, 40, 80, 120]


def test_a_crop_longer_than_a_segment_is_refused(tmp_path: Path) -> None:
    split = Split(tiny.write_store(tmp_path / "store", train=tiny.codes(2)), "train")
    with pytest.raises(InputError, match=r"at most the 32 frames of a segment, got 40 and 16\.$"):
        Batches(split, 40, 16, "cross")
