"""Noise of `timbre.transfer.noise`, of what exporters take: 64 bits that hold words of 32."""

import torch
from torch import Tensor

WORD = 0xFFFFFFFF


def normal(frames: Tensor, bands: int) -> Tensor:
    """What `timbre.transfer.noise.normal` draws by seed 0 for frames `(T,)`: `(bands, T)`."""
    key = _mixed(_mixed(torch.zeros(1, dtype=torch.int64)))
    mixed = _mixed(frames ^ key)
    places = torch.arange(2 * bands)[:, None]
    hashed = _mixed(_mixed(places ^ mixed) + mixed & WORD).reshape(bands, 2, -1).double()
    radius = (-2 * ((hashed[:, 0] + 0.5) / 2**32).log()).sqrt()
    found: Tensor = radius * (2 * torch.pi * (hashed[:, 1] + 0.5) / 2**32).cos()
    return found.float()


def _mixed(words: Tensor) -> Tensor:
    # quotients are shifts, for which ONNX has no operator on signed numbers
    words = words ^ words // 2**16
    words = words * 0x7FEB352D & WORD
    words = words ^ words // 2**15
    words = _product(words, 0x846CA68B)
    return words ^ words // 2**16


def _product(words: Tensor, factor: int) -> Tensor:
    """Low 32 bits of a product, without leaving 63."""
    high, low = factor >> 16, factor & 0xFFFF
    return (words * low + (words * high & 0xFFFF) * 2**16) & WORD
