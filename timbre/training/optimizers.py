"""Optimizer of a model, and its learning rates."""

import math

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from timbre.core.optimization import Optimization
from timbre.training import devices
from timbre.training.muon import BETAS, Muon


def schedule(step: int, settings: Optimization) -> float:
    """Share of the peak rates: linear warm-up, then half a cosine down to nothing.

    A function of the step alone.
    """
    warm = min(1.0, (step + 1) / (settings.warmup_steps + 1))
    return warm * 0.5 * (1 + math.cos(math.pi * step / settings.steps))


def set_rates(optimizer: Optimizer, step: int, settings: Optimization) -> None:
    """Give each group of parameters its rate for a step."""
    share = schedule(step, settings)
    for group in optimizer.param_groups:
        group["lr"] = share * group["initial_lr"]


def matrices(model: nn.Module) -> list[Tensor]:
    """The weights that map one hidden space to another, and are trained.

    Those of linear layers and convolutions: not of depthwise ones, whose kernels are vectors; not
    of the layers that the model calls its `readouts`, whose outputs are values with a scale of
    their own; nor a GRU's, where several matrices stand in one.
    """
    readouts: tuple[str, ...] = model.readouts  # type: ignore[assignment]  # a plain value
    return [
        layer.weight
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.ConvTranspose1d)
        and (isinstance(layer, nn.Linear) or layer.groups == 1)
        and name.rpartition(".")[2] not in readouts
        and layer.weight.requires_grad
    ]


def build(model: nn.Module, settings: Optimization) -> Optimizer:
    """The optimizer of the parameters that are trained, each group's peak as its `initial_lr`."""
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer: Optimizer
    if settings.optimizer == "adamw":
        optimizer = AdamW(
            trained,
            lr=settings.learning_rate,
            betas=BETAS,
            weight_decay=settings.weight_decay,
        )
    else:
        orthogonal = matrices(model)
        numbers = {id(p) for p in orthogonal}
        optimizer = Muon(
            orthogonal,
            [p for p in trained if id(p) not in numbers],
            settings.muon_rate,
            settings.learning_rate,
            settings.weight_decay,
            torch.bfloat16 if devices.multiplies_bfloat16() else torch.float32,
        )
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return optimizer
