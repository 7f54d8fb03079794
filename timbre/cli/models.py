"""Models that commands use: their folder and names, as options give them."""

from pathlib import Path
from typing import Annotated

import typer

from timbre.core.errors import InputError

Weights = Annotated[
    Path | None,
    typer.Option(help="Folder of models or checkpoints.", show_default="those that ship"),
]


def models_folder(weights: Path | None) -> Path:
    """The folder of models that was named, or that of those that ship."""
    from timbre.models import shipped  # brings what help can do without

    return weights or shipped.FOLDER


def chosen_model(name: str | None, weights: Path) -> str:
    """Name of the model to use: the one that was named, or else the first.

    Raises:
        InputError: if it is not there, or does not transfer.
    """
    from timbre.models import shipped

    names = shipped.transfer_models(weights)
    if name is None and names:
        return names[0]
    if name not in names:
        raise InputError(
            f"expected trained weights of {name or 'a model that transfers'} in {weights}, found "
            f"{', '.join(names) or 'none'}; please name one of these, or another folder with "
            "--weights."
        )
    return name
