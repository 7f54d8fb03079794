"""Train one model; a killed run is taken up where it was last saved.

Usage: python -m stages.train NAME STORE CHECKPOINT HISTORY METRICS [--base CHECKPOINT]
"""

import argparse
import importlib
from pathlib import Path

import torch

from audio.files import sha256, write_json
from audio.params import Audio
from audio.scratch import Scratch
from audio.store import Split
from models import blocks, checkpoint
from models.dataset import StoreDataset
from models.params import Train
from models.training import Trainer
from stages.console import run
from stages.params import load


def main() -> None:
    """Read, train, write the checkpoint, the curves and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=list(Train.model_fields), help="of the model")
    parser.add_argument("store", type=Path, help="the spectrograms")
    parser.add_argument("checkpoint", type=Path, help="safetensors to write")
    parser.add_argument("history", type=Path, help="CSV to write: the curves")
    parser.add_argument("metrics", type=Path, help="JSON to write: loss, size and speed")
    parser.add_argument("--base", type=Path, help="checkpoint of the model this one stands on")
    args = parser.parse_args()

    params = load()
    settings = getattr(params.train, args.name)
    code = importlib.import_module(f"models.{args.name}").Model
    train, valid = (Split(args.store, split) for split in code.splits)
    audio = Audio.model_validate(train.attributes["audio"])
    base = None if args.base is None else checkpoint.load(args.base)[1]
    crop, style, view = settings.crop_frames, settings.style_frames, settings.content_view
    batches = [StoreDataset(train, crop, style, view)]
    if code.whole:
        crop = style = audio.segment_frames
    batches.append(StoreDataset(valid, crop, style, view))

    scratch = Scratch(
        f"train-{args.name}",
        params.seed,
        settings.model_dump(),
        train.attributes,
        None if args.base is None else sha256(args.base),
        *(code.read_bytes() for code in sorted(Path(str(blocks.__file__)).parent.glob("*.py"))),
    )
    torch.manual_seed(params.seed)
    model = checkpoint.build(args.name, settings.network, audio, base)
    with scratch:
        trainer = Trainer(
            args.name, model, settings, audio, params.seed, scratch.path / "progress.pt"
        )
        if trainer.progress.step:
            print(f"{args.name}: taken up after step {trainer.progress.step}")
        speed = trainer.fit(*batches)
        checkpoint.save(args.checkpoint, model)
        trainer.progress.write_history(args.history)
        last = trainer.progress.history[-1]
        loss = last["valid_loss"]
        accuracies = {name: last[name] for name in last if name.endswith("_accuracy")}
        figures = {
            "valid_loss": round(loss, 4),
            **{name: round(value, 4) for name, value in accuracies.items()},
            "parameters": blocks.parameter_count(model),
            "examples_per_second": round(speed, 1),
            "skipped_steps": trainer.progress.skipped,
        }
        write_json(args.metrics, figures)
    print(f"{args.name}: validation loss {loss:.4f}, {speed:.0f} examples a second")


if __name__ == "__main__":
    run(main)
