"""Shipped models: a folder each, with `weights.safetensors`, `card.json` and the card to read."""

from pathlib import Path

from timbre.models import registry

WEIGHTS, CARD, PAGE = "weights.safetensors", "card.json", "README.md"
_PACKAGED = Path(__file__).parents[1] / "shipped"  # in a wheel
FOLDER = _PACKAGED if _PACKAGED.exists() else Path(__file__).parents[2] / "models"


def weights_path(folder: Path, name: str) -> Path:
    """Path of a model's weights, in a folder of models or of checkpoints."""
    flat = folder / f"{name}.safetensors"
    return flat if flat.is_file() else folder / name / WEIGHTS


def card_path(folder: Path, name: str) -> Path:
    """Path of a model's card."""
    return folder / name / CARD


def transfer_models(folder: Path) -> tuple[str, ...]:
    """Names of the models in a folder that transfer; the first is the default."""
    return tuple(
        name
        for name in registry.names()
        if registry.transfer_options(name) is not None and weights_path(folder, name).is_file()
    )
