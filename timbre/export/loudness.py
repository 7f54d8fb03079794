"""Loudness after ITU-R BS.1770-4 (EBU R128) of a spectrum, so that a graph can match it.

The weighting is applied to the power of frames, and blocks are means of frames: the same number as
that of filtered samples but for a few tenths of a dB, and what two sounds differ by is nearer.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

REFERENCE_RATE = 48_000  # Hz, for which the recommendation tells the filters
# numerator and denominator of both filters (annex 1, tables 1 and 2)
FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285),
     (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)  # fmt: skip
BLOCK_SECONDS, STEP_SECONDS = 0.4, 0.1
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_DB, OFFSET_DB = -70.0, -10.0, -0.691
MIN_POWER = 1e-14


def weighting(sample_rate: int, n_fft: int) -> NDArray[np.float64]:
    """Gains of the power of each bin, `(n_fft // 2 + 1,)`."""
    hertz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    turns = np.exp(-2j * np.pi * hertz / REFERENCE_RATE)
    gain = np.ones(len(hertz))
    for above, below in FILTERS:
        response = np.polyval(above[::-1], turns) / np.polyval(below[::-1], turns)
        gain *= np.abs(response) ** 2
    return gain


class Loudness(nn.Module):
    """Integrated loudness of one channel.

    Args:
        sample_rate: Hz.
        n_fft: samples of a frame, under a Hann window.
        hop: samples from one to the next.
    """

    gains: Tensor

    def __init__(self, sample_rate: int, n_fft: int, hop: int) -> None:
        super().__init__()
        gains = weighting(sample_rate, n_fft)
        gains[1:-1] *= 2  # bins stand for the negative frequencies too
        energy = float((np.hanning(n_fft + 1)[:-1] ** 2).sum())
        self.register_buffer("gains", torch.from_numpy(gains / (n_fft * energy)).float())
        self.block = max(1, round(BLOCK_SECONDS * sample_rate / hop))
        self.step = max(1, round(STEP_SECONDS * sample_rate / hop))

    def forward(self, power: Tensor) -> Tensor:
        """Power spectrum `(T, F)` -> LUFS, without a dimension; -70 of silence."""
        frames = F.pad((power @ self.gains).double(), (1, self.block - 1))  # a block at least
        sums = frames.cumsum(dim=0)
        blocks = ((sums[self.block :] - sums[: -self.block]) / self.block)[:: self.step].float()
        # whole blocks count, and of what is shorter than one the first
        begins = torch.arange(blocks.shape[0]) * self.step
        counts = (begins + self.block <= power.shape[0]) | (begins == 0)
        gate = torch.full((), 10 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10))
        for below_db in (RELATIVE_GATE_DB, None):
            heard = ((blocks > gate) & counts).float()
            mean = (blocks * heard).sum() / heard.sum().clamp(min=1)
            if below_db is not None:
                gate = torch.maximum(gate, mean * 10 ** (below_db / 10))
        return OFFSET_DB + 10 * mean.clamp(min=MIN_POWER).log10()
