"""Style representations: what a model hears of a style clip, and the blend of several."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Style(NamedTuple):
    """Representation of how a clip sounds."""

    vector: Tensor  # (B, S): on the whole
    # moment by moment, as a timbre differs by register and loudness: of each clip (B, C, T' / 4)
    frames: tuple[Tensor, ...]
    bias: Tensor | None = None  # (B, T' / 4): added to the logits of attention to the frames
    equalizer: Tensor | None = None  # (B, M, 1): dB that models leave out of this sound
    patches: tuple[Tensor, ...] = ()  # (B, 4 M, T' / 4): the clips' own normalised mels


def blend(styles: Sequence[Style], weights: Sequence[float]) -> Style:
    """Blend of several sounds: the mean of the vectors, and attention shared out by the weights.

    Args:
        styles: of one batch size.
        weights: as many, of 0 or more, that sum to 1; at 1 a style is what it is alone.
    """
    assert len(styles) == len(weights)
    assert abs(sum(weights) - 1) < 1e-6
    assert all(style.bias is None for style in styles)
    # a softmax over all frames gives each clip its weight where the logits are alike
    biases = [
        frames.new_full(frames[:, 0].shape, weight / frames.shape[2]).log()
        for style, weight in zip(styles, weights, strict=True)
        for frames in style.frames
    ]
    vectors = [weight * style.vector for style, weight in zip(styles, weights, strict=True)]
    frames = tuple(frames for style in styles for frames in style.frames)
    gains = [
        weight * style.equalizer
        for style, weight in zip(styles, weights, strict=True)
        if style.equalizer is not None
    ]
    equalizer = torch.stack(gains).sum(dim=0) if gains else None
    patches = tuple(patches for style in styles for patches in style.patches)
    bias = torch.cat(biases, dim=1)
    return Style(torch.stack(vectors).sum(dim=0), frames, bias, equalizer, patches)
