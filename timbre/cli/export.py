"""The command `timbre export`: models as ONNX graphs."""

from pathlib import Path
from typing import Annotated

import typer

from timbre.cli.models import Weights, models_folder


def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Model to export; all of them unless given.")
    ] = None,
    weights: Weights = None,
) -> None:
    """Write models as ONNX graphs, which run without PyTorch.

    A folder for each, with its checkpoint, into which the graphs point, and its card. Transfers
    take it as --weights.
    """
    from timbre.export import models  # brings PyTorch

    for remark in models.export(models_folder(weights), folder, tuple(model or ())):
        print(f"note: {remark}")
    print(f"{folder}: exported")
