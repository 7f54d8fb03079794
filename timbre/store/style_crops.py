"""Style crops: length, place and order of what a model hears of a style clip in a step."""

import itertools
from typing import Literal, NamedTuple, Self

import numpy as np

from timbre.core.optimization import Training

LENGTH_STEP = 8  # frames: lengths are multiples of it
PIECE_STEP = 4  # frames: pieces are, as encoders halve the time twice

Runs = list[slice]  # of frames, to be put one after the other


class StyleCrops(NamedTuple):
    """Cutting of style clips.

    In use a clip may be of any length, and when something sounds in it tells nothing of how it
    sounds: so in training lengths are drawn, and clips are cut up and put together in any order.

    Attributes:
        longest: frames, also of all clips in validation.
        shortest: frames; lengths between are drawn evenly over their logarithm, one a batch.
        pieces: that a clip is cut into, at most; 1: it stays whole.
        view: `style`, or `target`: another place in the recording that is to be made, as in the
            paper's own training (Cifka et al. 2021, arXiv:2102.05749, section 3).
    """

    longest: int
    shortest: int
    pieces: int
    view: Literal["style", "target"]

    @classmethod
    def of(cls, settings: Training) -> Self:
        """Style crops of a section of the parameters."""
        shortest, longest = settings.style_frames_min, settings.style_frames
        return cls(longest, shortest, settings.style_pieces, settings.style_view)

    @classmethod
    def fixed(cls, frames: int, view: Literal["style", "target"] = "style") -> Self:
        """Clips of one length, uncut."""
        return cls(frames, frames, 1, view)

    def draw(self, rng: np.random.Generator, frames: int, count: int) -> list[Runs]:
        """Crop of a step.

        Args:
            rng: where chance comes from.
            frames: of a segment.
            count: of examples.
        """
        length = self.longest
        if self.shortest < self.longest:
            exact_length = np.exp(rng.uniform(np.log(self.shortest), np.log(self.longest)))
            length = min(
                self.longest, max(self.shortest, round(exact_length / LENGTH_STEP) * LENGTH_STEP)
            )
        starts = rng.integers(frames - length + 1, size=count)
        return [self._cut(rng, start, length) for start in starts.tolist()]

    def in_order(self, frames: int) -> Runs:
        """Crop of validation: the beginning, or the end of a target's recording.

        Args:
            frames: of a segment.
        """
        start = frames - self.longest if self.view == "target" else 0
        return [slice(start, start + self.longest)]

    def _cut(self, rng: np.random.Generator, start: int, length: int) -> Runs:
        """The frames from `start` on, cut at places and put into an order that are drawn."""
        count = int(rng.integers(1, self.pieces + 1)) if self.pieces > 1 else 1
        places = length // PIECE_STEP
        inner = (
            np.sort(rng.choice(places - 1, min(count, places) - 1, replace=False) + 1) * PIECE_STEP
        )
        edges = [start, *(start + inner).tolist(), start + length]
        runs = [slice(a, b) for a, b in itertools.pairwise(edges)]
        return [runs[number] for number in rng.permutation(len(runs))]
