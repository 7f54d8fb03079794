"""Moving average of a model's weights, which is better than where they stand at a step."""

import copy

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average (Polyak and Juditsky, 1992) of all that changes in training.

    Buffers that are numbers, such as a codebook, are averaged as the weights are, flags are
    copied. The first weights would weigh too much: at step s (from 0) the decay is at most
    (s + 1) / (s + 10).

    Args:
        model: what is trained, on its device; it is averaged in a copy, `self.model`.
        decay: weight of the average so far, below 1.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self.model = copy.deepcopy(model)
        self.model.requires_grad_(False)
        frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
        pairs = [
            (average, value)
            for (name, average), value in zip(
                self.model.state_dict().items(), model.state_dict().values(), strict=True
            )
            if name not in frozen
        ]
        self._numbers = [pair for pair in pairs if pair[0].is_floating_point()]
        self._flags = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average on, after a step."""
        decay = min(self._decay, (step + 1) / (step + 10))
        averages: list[Tensor]
        averages, values = (list(each) for each in zip(*self._numbers, strict=True))
        torch._foreach_lerp_(averages, values, 1 - decay)
        for copied, flag in self._flags:
            copied.copy_(flag)
