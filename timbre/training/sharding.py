"""Shards of the training data: each process's share of a batch."""

from typing import Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor

from timbre.core.optimization import Optimization, Training
from timbre.core.params import Audio
from timbre.store.batches import Batch
from timbre.training.augmentation import augment

Tensors = tuple[list[Tensor], dict[str, Tensor | None]]


class Examples(Protocol):
    """A batch of whatever a model learns from."""

    def tensors(
        self, own: slice, names: tuple[str, ...], audio: Audio, device: torch.device
    ) -> Tensors:
        """See `timbre.store.batches.Batch.tensors`."""


class Data(Protocol):
    """Batches as a pure function of (seed, step)."""

    def __len__(self) -> int: ...

    def batch(self, seed: int, step: int, size: int) -> Examples:
        """The batch of a step."""

    def in_order(self, start: int, size: int) -> Examples:
        """Examples `start` to `start + size`, or to the last."""


def share(
    batch: Examples,
    names: tuple[str, ...],
    settings: Optimization,
    audio: Audio,
    fabric: Fabric,
    seed: int,
) -> Tensors:
    """This process's share of a batch to learn from: every so many-th example.

    Augmentation, where there is one, is drawn for the whole batch, of which the share is then
    taken: so the number of processes changes nothing.

    Args:
        batch: of all processes.
        names: what the model learns from beside the mels.
        settings: of the training.
        audio: how codes are read.
        fabric: knows the processes.
        seed: of the augmentation.
    """
    own = slice(fabric.global_rank, None, fabric.world_size)
    if not (isinstance(batch, Batch) and isinstance(settings, Training)):
        return batch.tensors(own, names, audio, fabric.device)
    torch.manual_seed(seed)
    (content, style, target), extras = batch.tensors(slice(None), names, audio, fabric.device)
    mels = augment(content, style, target, settings.augmentation, audio)
    shares = {name: None if value is None else value[own] for name, value in extras.items()}
    return [mel[own] for mel in mels], shares
