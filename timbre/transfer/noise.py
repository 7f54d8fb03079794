"""Noise for models that sample: equal on every machine, in every backend, and in a browser.

Each number depends on nothing but the seed and its place, so that windows of one recording agree
where they overlap.
"""

import numpy as np
from numpy.typing import NDArray

from timbre.transfer.memmap import Floats

Words = NDArray[np.uint32]


def normal(seed: int, start: int, stop: int, bands: int) -> Floats:
    """Standard normal numbers for the frames from `start` to `stop`: `(bands, stop - start)`.

    Two hashes of the place become one number by Box and Muller (1958). The hash of 32 bits is
    Wellons' `lowbias32`, which passes what a counter needs.

    Args:
        seed: 0 or more.
        start: a frame.
        stop: the one after the last.
        bands: of the mel.
    """
    key = _mixed(np.array([seed & 0xFFFFFFFF], np.uint32))
    key = _mixed(key ^ np.uint32(seed >> 32 & 0xFFFFFFFF))
    frames = _mixed(np.arange(start, stop, dtype=np.uint32) ^ key)
    places = np.arange(2 * bands, dtype=np.uint32)[:, None]
    hashed = _mixed(_mixed(places ^ frames) + frames)
    first, second = (hashed.reshape(bands, 2, -1)[:, part] for part in (0, 1))
    radius = np.sqrt(-2 * np.log((first + 0.5) / 2**32))
    numbers: Floats = (radius * np.cos(2 * np.pi * (second + 0.5) / 2**32)).astype(np.float32)
    return numbers


def _mixed(words: Words) -> Words:
    """Each word's bits, mixed; one-to-one."""
    words = words ^ words >> np.uint32(16)
    words = words * np.uint32(0x7FEB352D)
    words = words ^ words >> np.uint32(15)
    words = words * np.uint32(0x846CA68B)
    return words ^ words >> np.uint32(16)
