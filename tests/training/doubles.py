"""Stand-ins for trainings: batches that end or fall silent, and models whose loss goes wrong."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests import tiny
from timbre.store.batches import Batch, StoreDataset
from timbre.training.trainer import Trainer

Data = tuple[StoreDataset, StoreDataset]  # for training and for validation


@dataclass
class Cut:
    """Batches that end after so many, as when the process is stopped."""

    batches: Any
    left: int

    def batch(self, seed: int, step: int, size: int) -> Batch:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        batch: Batch = self.batches.batch(seed, step, size)
        return batch


@dataclass
class Silent:
    """Batches that are silent from step `start` to step `stop`."""

    batches: StoreDataset
    start: int
    stop: int

    def batch(self, seed: int, step: int, size: int) -> Batch:
        batch = self.batches.batch(seed, step, size)
        silent = self.start <= step < self.stop
        return Batch(*(np.zeros_like(each) for each in batch)) if silent else batch


class Root(nn.Module):
    """The root of a weighted level: at silence finite, but with a gradient that is not."""

    supports_bf16 = False
    extra_inputs = ()
    readouts = ()

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"total": (self.weight * (target - tiny.AUDIO.db_min).mean()).abs().sqrt()}


class Logarithm(Root):
    """The logarithm of a level: at silence no number."""

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"total": self.weight * (target - tiny.AUDIO.db_min).mean().log()}


def trainer(name: str, model: nn.Module, folder: Path, **training: Any) -> Trainer:
    settings = tiny.settings("glow" if name == "toy" else name, **training)
    return Trainer(name, model, settings, tiny.AUDIO, 0, folder / "progress.pt")
