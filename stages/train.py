"""Train one model; a killed run is taken up where it was last saved.

Usage: python -m stages.train NAME STORE CHECKPOINT HISTORY METRICS [--base CHECKPOINT]
           [--start CHECKPOINT] [--samples DIR] [--devices N] [--compile]
"""

import argparse
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from stages.params import load
from timbre.core import dependencies
from timbre.core.console import run
from timbre.core.files import replacing, sha256, write_json
from timbre.core.params import Audio
from timbre.core.scratch import Scratch
from timbre.models import blocks, checkpoint, registry
from timbre.store.batches import StoreDataset
from timbre.store.store import Split
from timbre.store.style_crops import StyleCrops
from timbre.training import devices
from timbre.training.trainer import DivergedError, Trainer


def main() -> None:
    """Read, train, write the checkpoint, the curves and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(registry.trainable()), help="of the model")
    parser.add_argument("store", type=Path, help="the spectrograms")
    parser.add_argument("checkpoint", type=Path, help="safetensors to write")
    parser.add_argument("history", type=Path, help="CSV to write: the curves")
    parser.add_argument("metrics", type=Path, help="JSON to write: loss, size and speed")
    parser.add_argument("--base", type=Path, help="checkpoint of the model this one stands on")
    parser.add_argument("--start", type=Path, help="trained model whose weights it begins with")
    parser.add_argument("--samples", type=Path, help="folder to write: pictures along the way")
    parser.add_argument("--devices", type=int, help="processes; otherwise one a GPU, or one")
    parser.add_argument("--compile", action="store_true", help="by torch.compile: slow to begin")
    args = parser.parse_args()

    params = load()
    settings = getattr(params.train, args.name)
    code = registry.model_class(args.name)
    train, valid = (Split(args.store, split) for split in code.splits)
    audio = Audio.model_validate(train.attributes["audio"])
    base = None if args.base is None else checkpoint.load(args.base)[1]
    crop, style, view = settings.crop_frames, StyleCrops.of(settings), settings.content_view
    batches = [StoreDataset(train, crop, style, view)]
    if code.validate_full_segments:
        crop = audio.segment_frames
        style = StyleCrops.fixed(crop)
    batches.append(StoreDataset(valid, crop, style, view))

    scratch = Scratch(
        f"train-{args.name}",
        params.seed,
        settings.model_dump(),
        train.attributes,
        *(None if path is None else sha256(path) for path in (args.base, args.start)),
        *dependencies.contents("timbre.training.trainer", code.__module__),
    )
    torch.manual_seed(params.seed)
    model = checkpoint.build(args.name, settings.network, audio, base)
    if args.start is not None:
        checkpoint.load_into(model, args.start)
    pictures = scratch.path / "samples"
    trainer = Trainer(
        f"train.{args.name}", model, settings, audio, params.seed, scratch.path / "progress.pt",
        args.devices, args.compile, pictures,
    )  # fmt: skip
    if not trainer.leads:
        with suppress(DivergedError):  # the first process says it
            figures(trainer, *batches)
        return
    with scratch:
        if trainer.progress.step:
            print(f"{args.name}: {trainer.progress.begun}")
        metrics = figures(trainer, *batches)
        checkpoint.save(args.checkpoint, model)
        trainer.progress.write_history(args.history)
        if args.samples is not None:
            pictures.mkdir(exist_ok=True)  # what does not transfer leaves none
            with replacing(args.samples, folder=True) as temporary:
                shutil.copytree(pictures, temporary)
        write_json(args.metrics, metrics)
    loss, speed = metrics["valid_loss"], metrics["examples_per_second"]
    print(f"{args.name}: validation loss {loss}, {speed:.0f} examples a second")


def figures(trainer: Trainer, train: StoreDataset, valid: StoreDataset) -> dict[str, Any]:
    """Train, and say what came of it and what it took; called in all processes."""
    trainer.fit(train, valid)
    peaks = devices.gathered(devices.peak_memory_mb(trainer.fabric.device))
    progress = trainer.progress
    row = progress.final_row
    examples = progress.step * trainer.settings.batch_size
    return {
        "valid_loss": round(row["valid_loss"], 4),
        **{name: round(row[name], 4) for name in row if name.endswith("_accuracy")},
        "parameters": blocks.parameter_count(trainer.model),
        "steps": progress.step,
        "skipped_steps": progress.skipped,
        "seconds": round(progress.seconds, 1),
        "examples_per_second": round(examples / progress.seconds, 1),
        "peak_memory_mb": round(max(peaks)),
        "device": "CPU" if trainer.fabric.device.type == "cpu" else "GPU",
        "processes": len(peaks),
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    run(main)
