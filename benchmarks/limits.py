"""Limits of a machine: operations and bytes a second, and what follows for a step."""

import time
from collections.abc import Callable
from functools import cache

import torch

# A weight in float32 is read forward and backward; its gradient is written, and read by AdamW,
# which reads and writes the weight and two moments.
BYTES_A_WEIGHT = 4 * 10
REPEATS = 8


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def least_seconds(
    operations: float, weights: int, device: torch.device, dtype: torch.dtype
) -> float:
    """Least time of a training step: its operations, or its weights' way through memory.

    Both at the same time at best; activations are not counted, as a cache could hold them.

    Args:
        operations: of the step.
        weights: that are trained.
        device: to measure.
        dtype: of what is multiplied.
    """
    return max(
        operations / matrix_rate(device, dtype), weights * BYTES_A_WEIGHT / bandwidth(device)
    )


@cache
def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product, the best of some."""
    size = 8192 if device.type == "cuda" else 1024
    one, other = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / best(lambda: torch.mm(one, other), device, REPEATS)


@cache
def bandwidth(device: torch.device) -> float:
    """Bytes a second, read and written, of copying 256 MB, the best of some."""
    source = torch.ones(2**26, device=device)
    copy = torch.empty_like(source)
    return 2 * 4 * source.numel() / best(lambda: copy.copy_(source), device, REPEATS)


def best(function: Callable[[], object], device: torch.device, repeats: int) -> float:
    """The least seconds of some calls: what else runs on a machine only adds."""
    times = []
    for _ in range(repeats):
        wait(device)
        begun = time.perf_counter()
        function()
        wait(device)
        times.append(time.perf_counter() - begun)
    return min(times)
