"""Put a trained model among the weights that ship, with its card and, if it has any, its graphs.

Usage: python -m stages.publish CHECKPOINT --to FOLDER --name NAME --about FILE [--half]
"""

import argparse
from pathlib import Path

import torch
from torch import nn

from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing, write_json
from timbre.export import models as exporting
from timbre.models import card, checkpoint, registry, shipped
from timbre.runtime import graph_files


def halved(model: nn.Module, path: Path) -> nn.Module:
    """The model with 16 bits a number, changed in place; loading makes 32 of them again.

    Raises:
        InputError: if a number is too large for that.
    """
    model.half()
    for name, values in model.state_dict().items():
        if not torch.isfinite(values).all():
            raise InputError(
                f"expected numbers below 65,504 in {path}, {name} has larger ones; "
                "please ship it without --half."
            )
    return model


def publish(source: Path, folder: Path, name: str, about: card.About, half: bool) -> card.Card:
    """Write the weights, then their card as JSON and as Markdown.

    Args:
        source: a checkpoint.
        folder: to write to.
        name: what the tools know it by.
        about: what the checkpoint does not know.
        half: with 16 bits a number.

    Raises:
        InputError: if the checkpoint cannot be used.
    """
    model = checkpoint.load(source)[1]
    graph_files.remove(folder / name)  # they point into the weights that were there
    target = folder / name / shipped.WEIGHTS
    checkpoint.save(target, halved(model, source) if half else model)
    new_card = card.of(target, name, "float16" if half else "float32", about)
    write_json(folder / name / shipped.CARD, new_card.model_dump())
    with replacing(folder / name / shipped.PAGE) as temporary:
        temporary.write_text(card.markdown(new_card), encoding="utf-8")
    return new_card


def _exported(path: Path, name: str) -> list[str]:
    """Write the graphs of what transfers, and say what is to be said of it."""
    if name != exporting.VOCODER and registry.transfer_options(name) is None:
        return []
    try:
        return exporting.export_checkpoint(path, name)
    except InputError as error:  # a vocoder that has not learned
        return [str(error)]


def main() -> None:
    """Ship one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="of a trained model")
    parser.add_argument("--to", type=Path, required=True, help="folder to write to")
    parser.add_argument("--name", required=True, help="of the weights, such as glow")
    parser.add_argument("--about", type=Path, required=True, help="JSON: data, licences, metrics")
    parser.add_argument("--half", action="store_true", help="16 bits a number")
    args = parser.parse_args()

    about = card.read_about(args.about)
    new_card = publish(args.checkpoint, args.to, args.name, about, args.half)
    for remark in _exported(args.to / args.name / shipped.WEIGHTS, args.name):
        print(f"note: {remark}")
    print(f"{args.to / args.name}: {new_card.parameters:,} numbers, {new_card.bytes:,} bytes")


if __name__ == "__main__":
    run(main)
