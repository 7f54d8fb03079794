"""The command `timbre export`: models as ONNX graphs, and with one sound built in."""

from pathlib import Path
from typing import Annotated

import typer

from timbre.cli.models import Weights, chosen_model, models_folder
from timbre.core.errors import InputError


def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Model to export; all of them unless given.")
    ] = None,
    style: Annotated[
        list[Path] | None,
        typer.Option(help="Clip whose sound is built into a model; again for more models."),
    ] = None,
    weights: Weights = None,
) -> None:
    """Write models as ONNX graphs, which run without PyTorch.

    A folder for each, with its checkpoint, into which the graphs point, and its card. Transfers
    take it as --weights.

    With --style a model that makes this one sound, from audio to audio: CLIP.onnx for whole
    recordings, CLIP.ts for streams, which nn~ loads in Max and Pure Data.
    """
    if style:
        _bake(folder, style, tuple(model or ()), models_folder(weights))
        return
    from timbre.export import models  # brings PyTorch

    for remark in models.export(models_folder(weights), folder, tuple(model or ())):
        print(f"note: {remark}")
    print(f"{folder}: exported")


def _bake(folder: Path, clips: list[Path], names: tuple[str, ...], weights: Path) -> None:
    if len(names) > 1:
        raise InputError(
            f"expected one model with --style, got {' and '.join(names)}; please name one of them."
        )
    name = chosen_model(names[0] if names else None, weights)
    from timbre.export import baking  # brings PyTorch

    for baked in baking.bake(weights, clips, folder, name):
        about = baked.about
        rate, latency, ahead = (about[key] for key in ("sample_rate", "latency", "look_ahead"))
        print(
            f"{baked.path}: {baked.path.stat().st_size / 1e6:.1f} MB, {rate} Hz, whole sounds of a "
            f"multiple of {about['multiple']} samples, {baked.realtime[0]:.1f} x real time"
        )
        print(
            f"{baked.streamed}: {baked.streamed.stat().st_size / 1e6:.1f} MB, {rate} Hz, latency "
            f"{latency / rate:.2f} s, {ahead / rate:.2f} s of it look-ahead, "
            f"{baked.realtime[1]:.1f} x real time"
        )
