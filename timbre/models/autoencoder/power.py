"""The power of a mel's frames: how loud a moment is, whatever the shape of its spectrum."""

import math

import torch
from torch import Tensor

LOG_PER_DB = math.log(10) / 10  # natural logarithm of power

SOFTNESS_DB = 3.0  # dB over which the share of a bin in a lift falls by a factor of e
MAX_LIFT_DB = 12.0  # four times the softness, so that no louder bin falls below a softer one
HALVINGS = 14  # of the search: to within 0.002 dB


def frame_power(mel: Tensor) -> Tensor:
    """Power of each frame in dB: mel in dB, `(B, M, T)` -> `(B, 1, T)`."""
    return torch.logsumexp(mel.float() * LOG_PER_DB, dim=1, keepdim=True) / LOG_PER_DB


@torch.no_grad()
def restore_frame_power(mel: Tensor, power: Tensor, width: float) -> Tensor:
    """Give each frame a power by lifting (or lowering) its loudest bins alone.

    A mean of decibels, as a model's most probable spectrum is, blurs the peaks and leaves the rest
    as it should be. As power is nearly all in the peaks, it tells by how much they are too low.

    Args:
        mel: in dB, `(B, M, T)`.
        power: wanted, in dB, `(B, 1, T)`.
        width: bins that lie so many dB below the loudest of the frame move half as far.

    Returns:
        The mel, `(B, M, T)`, of the power wanted, or as near to it as `MAX_LIFT_DB` reaches.
    """
    share = torch.sigmoid((mel - mel.amax(dim=1, keepdim=True) + width) / SOFTNESS_DB)
    low, high = torch.full_like(power, -MAX_LIFT_DB), torch.full_like(power, MAX_LIFT_DB)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        less = frame_power(mel + middle * share) < power
        low, high = torch.where(less, middle, low), torch.where(less, high, middle)
    return mel + (low + high) / 2 * share
