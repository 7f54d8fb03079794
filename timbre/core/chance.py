"""Random generators that depend on nothing but a seed and names."""

import hashlib

import numpy as np


def generator(seed: int, *parts: str | int) -> np.random.Generator:
    """Random generator of a seed and names: equal ones give equal draws."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])
