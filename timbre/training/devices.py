"""Devices of a training: which, how precisely, in how many processes."""

import resource
from typing import Any, Literal, TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from timbre.core.errors import InputError

Value = TypeVar("Value")

MEGABYTE = 2**20


def multiplies_bfloat16() -> bool:
    """Whether this machine's GPU, or its CPU where it has none, multiplies bfloat16 itself.

    CPUs do with AVX-512 BF16 or AMX. On others PyTorch takes bfloat16 too, but slower than float32.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def precision(model: nn.Module) -> Literal["bf16-mixed", "32-true"]:
    """The precision a model is trained in on this machine.

    bfloat16 where the hardware multiplies it (and the model allows), float32 elsewhere.
    """
    return "bf16-mixed" if model.supports_bf16 and multiplies_bfloat16() else "32-true"


def launched(section: str, model: nn.Module, batch_size: int, processes: int | None) -> Fabric:
    """Begin the processes of a training, a device each.

    On GPUs where there are any, else on the CPU. The first process starts the others, which run
    the same command. What normalises over a batch has to see all of it, and takes one process.

    Args:
        section: of the parameters, for messages.
        model: that will be trained.
        batch_size: over all processes.
        processes: how many; None: as many as there are GPUs, or one.

    Raises:
        InputError: if there are not so many GPUs, or if they cannot share a batch.
    """
    gpus = torch.cuda.device_count()
    undivided = any(isinstance(module, _BatchNorm) for module in model.modules())
    count = processes
    if count is None:
        count = 1 if undivided else max(1, gpus)
    if count < 1 or 0 < gpus < count:
        most = f" to {gpus}, one a GPU" if gpus else " or more"
        raise InputError(f"expected --devices of 1{most}, got {count}; please give such a number.")
    if undivided and count > 1:
        raise InputError(
            f"expected --devices 1 for {section}, which normalises over a whole batch, "
            f"got {count}; please leave the option out."
        )
    if batch_size % count:
        raise InputError(
            f"expected {section}.batch_size to be a multiple of the {count} processes, "
            f"got {batch_size}; please change it, or give another number by --devices or "
            "CUDA_VISIBLE_DEVICES."
        )
    fabric = Fabric(accelerator="auto", devices=count, precision=precision(model))
    fabric.launch()
    return fabric


def gathered(value: Value) -> list[Value]:
    """Values of all processes, the first process's first."""
    if not torch.distributed.is_initialized():
        return [value]
    values: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values


def peak_memory_mb(device: torch.device) -> float:
    """The most memory that this process has held: the GPU's, or all of its own on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
