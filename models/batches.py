"""Batches as a pure function of (seed, step): nothing about loaders to save or to restore."""

from typing import NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray

from audio.errors import InputError
from audio.mel import Codes
from audio.params import Audio
from audio.store import VIEWS, Split

CONTENT, STYLE, TARGET = (VIEWS.index(view) for view in ("content", "style", "target"))


def step_seed(*parts: int) -> int:
    """One seed mixed from several numbers: `(0, 1)` and `(1, 0)` give different ones."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


class Batch(NamedTuple):
    """Codes of content and target `(B, M, T)` and style `(B, M, T')`, and what plays."""

    content: Codes
    style: Codes
    target: Codes
    notes: NDArray[np.uint8] | None  # (B, 16, T), eight pitches to a byte; None: nobody knows


class Batches:
    """The examples of a split in memory, cropped and drawn by chance.

    Args:
        split: of the store.
        crop_frames: length of content and target.
        style_frames: length of style.
        content_view: `cross`, the content in another timbre, or `self`, the target itself.

    Raises:
        InputError: if the split does not fit into memory or its segments are too short.
    """

    def __init__(
        self, split: Split, crop_frames: int, style_frames: int, content_view: str
    ) -> None:
        audio = Audio.model_validate(split.attributes["audio"])
        frames = audio.segment_frames
        if max(crop_frames, style_frames) > frames:
            raise InputError(
                f"expected crop_frames and style_frames of at most the {frames} frames of a "
                f"segment, got {crop_frames} and {style_frames}."
            )
        size = len(split) * len(VIEWS) * audio.n_mels * frames
        free = psutil.virtual_memory().available
        if size > 0.7 * free:
            raise InputError(
                f"expected {size / 2**30:.1f} GiB of free memory for the spectrograms, found "
                f"{free / 2**30:.1f}; please lower the number of examples in sequences."
            )
        self._mel, self._notes = split.mel(), split.notes()
        self._crop, self._style = crop_frames, style_frames
        self._content = TARGET if content_view == "self" else CONTENT

    def __len__(self) -> int:
        return len(self._mel)

    def draw(self, seed: int, size: int) -> Batch:
        """A batch drawn with replacement, each example cropped at random places."""
        rng = np.random.default_rng(seed)
        examples = rng.integers(len(self._mel), size=size)
        frames = self._mel.shape[3]
        starts = rng.integers(frames - self._crop + 1, size=size)
        style_starts = rng.integers(frames - self._style + 1, size=size)
        return self._take(examples, starts, style_starts)

    def in_order(self, start: int, size: int) -> Batch:
        """Examples `start` to `start + size`, from their first frame on: for validation."""
        examples = np.arange(start, min(start + size, len(self._mel)))
        zeros = np.zeros(len(examples), int)
        return self._take(examples, zeros, zeros)

    def _take(
        self, examples: NDArray[np.int_], starts: NDArray[np.int_], style_starts: NDArray[np.int_]
    ) -> Batch:
        content, style, target = (
            np.stack(
                [
                    self._mel[example, view, :, first : first + length]
                    for example, first in zip(examples, begins, strict=True)
                ]
            )
            for view, begins, length in (
                (self._content, starts, self._crop),
                (STYLE, style_starts, self._style),
                (TARGET, starts, self._crop),
            )
        )
        notes = None
        if self._notes is not None:
            packed = zip(examples, starts, strict=True)
            notes = np.stack([self._notes[n, :, first : first + self._crop] for n, first in packed])
        return Batch(content, style, target, notes)
