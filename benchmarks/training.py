"""Benchmark of a training step: each model beside a VQ-VAE of the reference's size, and the floor.

The stand-in has the reference's size, within a part in 500: 55.7 million parameters over 1,025
linear bins. Its layers are plain ones of PyTorch. The floor is how long this machine takes at
least, by the rate of a large matrix product and by the bytes that have to move; both are measured
in the same run. So is the plain step: in float32, by AdamW.

Usage: python -m benchmarks.training [--device cpu|cuda] [--threads N] [--batch N] [--steps N]
           [--compile] [--out DIR]
"""

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from benchmarks import limits
from benchmarks.measure import machine, number
from stages.params import Params, load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import write_json
from timbre.models import checkpoint
from timbre.models.blocks import over_time, parameter_count
from timbre.models.vqvae.quantizer import Quantizer
from timbre.models.vqvae_self.config import SelfSupervisedConfig
from timbre.training import devices, optimizers

BINS = 1025  # of the stand-in's spectra
WIDTH, INNER = 1024, 6  # of the stand-in: channels, and convolutions inside encoder and decoder
MODELS = ("vqvae_self", "autoencoder", "vqvae", "glow")
POOL = 4  # frames that its style encoder sees as one


class Reference(nn.Module):
    """A VQ-VAE as large as the reference's, in float32 as that was."""

    supports_bf16 = False

    def __init__(self, settings: Params) -> None:
        super().__init__()
        network = settings.train.vqvae_self.network
        assert isinstance(network, SelfSupervisedConfig)
        config = network.quantizer

        def stack(entering: int, leaving: int) -> nn.Sequential:
            layers: list[nn.Module] = [nn.Conv1d(entering, WIDTH, 3, padding=1), nn.GELU()]
            for _ in range(INNER):
                layers += [nn.Conv1d(WIDTH, WIDTH, 3, padding=1), nn.GELU()]
            return nn.Sequential(*layers, nn.Conv1d(WIDTH, leaving, 1))

        self.encoder, self.quantizer = stack(BINS, WIDTH), Quantizer(WIDTH, config)
        self.style = nn.GRU(BINS, WIDTH, batch_first=True)
        self.decoder = stack(2 * WIDTH, BINS)

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Spectra `(B, 1025, T)` -> the squared error and the commitment."""
        code, terms = self.quantizer(self.encoder(content))
        frames = F.avg_pool1d(style, POOL).transpose(1, 2)
        vector = over_time(self.style(frames)[1][-1], code.shape[2])
        made = self.decoder(torch.cat([code, vector], dim=1))
        return {"total": F.mse_loss(made, target) + terms["commitment"]}


class Step(NamedTuple):
    """A training step of one model, in figures."""

    model: str
    parameters: int
    operations: float  # of an example, forward and backward
    examples_per_second: float
    plain: float  # examples a second in float32, by AdamW
    floor: float  # examples a second at most
    peak_memory_mb: float | None  # on a GPU
    compiled: float | None  # times as fast with torch.compile


def networks(settings: Params) -> Iterator[tuple[str, nn.Module, int]]:
    """Each model anew, with its name and the bands it sees."""
    yield "a VQ-VAE of the reference's size", Reference(settings), BINS
    for name in MODELS:
        base = None
        if name in ("vqvae", "glow"):
            base = checkpoint.build(
                "autoencoder", settings.train.autoencoder.network, settings.audio
            )
        network = getattr(settings.train, name).network
        yield name, checkpoint.build(name, network, settings.audio, base), settings.audio.n_mels


def mels(settings: Params, bands: int, count: int, device: torch.device) -> list[Tensor]:
    """Content, style and target of any sound, as long as those that models are trained on."""
    section = settings.train.autoencoder
    lengths = (section.crop_frames, section.style_frames, section.crop_frames)
    mean, deviation = settings.audio.db_mean, settings.audio.db_std
    shapes = [(count, bands, length) for length in lengths]
    return [mean + deviation * torch.randn(shape, device=device) for shape in shapes]


def operations(model: nn.Module, given: list[Tensor]) -> float:
    """Operations of matrix products and convolutions in a step, forward and backward."""
    with FlopCounterMode(display=False) as counter:
        model(*given)["total"].backward()
    total: int = counter.get_total_flops()
    return total


def seconds(
    fabric: Fabric, model: Any, optimizer: Optimizer, given: list[Tensor], steps: int
) -> float:
    """A step of the optimizer as the trainer does it, the best of some after the first."""
    module, optimizer = fabric.setup(model, optimizer)

    def step() -> None:
        loss = module(*given)["total"]
        optimizer.zero_grad()
        fabric.backward(loss)
        fabric.clip_gradients(module, optimizer, max_norm=1.0)
        optimizer.step()

    step()  # warms up
    return limits.best(step, fabric.device, steps)


def optimizer_of(name: str, model: nn.Module, settings: Params) -> Optimizer:
    """The one that the parameters give a model; AdamW for the stand-in."""
    section = getattr(settings.train, name, None)
    return adamw(model) if section is None else optimizers.build(model, section)


def adamw(model: nn.Module) -> Optimizer:
    """AdamW on all that is trained."""
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)


def measure(
    settings: Params, device: str, batch: int, steps: int, compiled: bool
) -> Iterator[Step]:
    """The steps of all models, the reference's first."""
    counted = {}
    for name, model, bands in networks(settings):
        # what comes once a batch, as the flow's matrices, tells itself from what comes an example
        one, two = (
            operations(model.train(), mels(settings, bands, count, torch.device("cpu")))
            for count in (1, 2)
        )
        counted[name] = one + (batch - 1) * (two - one)
    for name, model, bands in networks(settings):
        size = parameter_count(model)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        fabric = Fabric(accelerator=device, devices=1, precision=devices.precision(model))
        place = fabric.device
        dtype = torch.float32 if devices.precision(model) == "32-true" else torch.bfloat16
        given = mels(settings, bands, batch, place)
        whole = Fabric(accelerator=device, devices=1, precision="32-true")
        copied = copy.deepcopy(model)
        slow = seconds(whole, copied.train(), adamw(copied), given, steps)
        if place.type == "cuda":
            torch.cuda.reset_peak_memory_stats(place)
        taken = seconds(fabric, model.train(), optimizer_of(name, model, settings), given, steps)
        # a process's own peak would be that of the largest model so far
        peak = devices.peak_memory_mb(place) if place.type == "cuda" else None
        faster = None
        if compiled:
            made: Any = torch.compile(model)
            faster = taken / seconds(
                fabric, made, optimizer_of(name, model, settings), given, steps
            )
        least = limits.least_seconds(counted[name], trained, place, dtype)
        yield Step(
            name, size, counted[name] / batch, batch / taken, batch / slow, batch / least, peak,
            faster,
        )  # fmt: skip


def markdown(found: list[Step], batch: int, device: str) -> str:
    """The steps as a table."""
    where = torch.cuda.get_device_name() if device == "cuda" else f"{threads()} used"
    lines = [
        f"{machine()}, {where}; batches of {batch}.",
        "",
        "| a training step | parameters | operations an example | examples/s | | in float32, by "
        "AdamW | times as fast as that | floor: examples/s at most | of it reached | with "
        "torch.compile | memory |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found:
        ratio = each.examples_per_second / found[0].examples_per_second
        reached = each.examples_per_second / each.floor
        memory = "" if each.peak_memory_mb is None else f"{each.peak_memory_mb:.0f} MB"
        compiled = "" if each.compiled is None else f"{number(each.compiled)}x"
        lines.append(
            f"| {each.model} | {each.parameters / 1e6:.1f} M | {each.operations / 1e9:.3g} G "
            f"| {number(each.examples_per_second)} | {number(ratio)}x | {number(each.plain)} "
            f"| {number(each.examples_per_second / each.plain)}x | {number(each.floor)} "
            f"| {100 * reached:.0f} % | {compiled} | {memory} |"
        )
    return "\n".join(lines) + "\n"


def threads() -> str:
    """Number of threads that compute, in words."""
    count = torch.get_num_threads()
    return "1 thread" if count == 1 else f"{count} threads"


def main() -> None:
    """Measure everything, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], help="the GPU where there is one")
    parser.add_argument("--threads", type=int, help="of the processor; by default PyTorch's")
    parser.add_argument("--batch", type=int, default=4, help="examples; 64 on a GPU")
    parser.add_argument("--steps", type=int, default=3, help="of which the best counts")
    parser.add_argument("--compile", action="store_true", help="try torch.compile too: minutes")
    parser.add_argument("--out", type=Path, help="folder for training.md and training.json")
    args = parser.parse_args()

    device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("expected an NVIDIA GPU, found none; please leave out --device cuda.")
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    measured = measure(load(), device, args.batch, args.steps, args.compile)
    found = list(tqdm(measured, desc="models", total=len(MODELS) + 1))
    table = markdown(found, args.batch, device)
    print(table)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "training.md").write_text(table)
        write_json(args.out / "training.json", [each._asdict() for each in found])


if __name__ == "__main__":
    run(main)
