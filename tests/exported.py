"""Small models of every kind that transfers, with a vocoder that has learned, and their graphs."""

from pathlib import Path

from torch import nn

from stages.publish import publish
from tests import shipped, tiny
from timbre.export import models as exporting
from timbre.models import checkpoint, registry
from timbre.models.card import About
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocos.config import VocosTraining

NAMES = tuple(name for name in registry.names() if registry.transfer_options(name) is not None)
KINDS = tuple((name, heads) for name in NAMES for heads in (0, 2))  # that fetch frames of the style


def build(name: str, retrieval_heads: int) -> nn.Module:
    """An untrained model; with heads the peaks are lifted too."""
    changes = {"retrieval_heads": retrieval_heads, "peaks_db": 10.0 * bool(retrieval_heads)}
    config = tiny.settings(name).network
    if name == "vqvae_self":
        inner = type(config.autoencoder).model_validate(config.autoencoder.model_dump() | changes)
        model = checkpoint.build(name, config.model_copy(update={"autoencoder": inner}), tiny.AUDIO)
    else:
        base = tiny.build("autoencoder", **changes)
        model = checkpoint.build(name, config, tiny.AUDIO, base)
    model(*tiny.mels(2))  # what begins with the first batch has begun
    tiny.randomize(model, scale=0.05)
    return model.eval()


def vocoder() -> nn.Module:
    """A vocoder with an untrained network."""
    settings = VocosTraining.model_validate(tiny.parameters()["vocoder"]["vocos"])
    base = checkpoint.build("vocos", settings.network, tiny.AUDIO)
    tiny.randomize(base, scale=0.05)
    return checkpoint.build("vocoder", RefinementConfig(iterations=3), tiny.AUDIO, base).eval()


def write(folder: Path, names: tuple[str, ...], retrieval_heads: int, half: bool = True) -> Path:
    """A folder of weights with their cards and graphs."""
    for name in (*names, "vocoder"):
        model = vocoder() if name == "vocoder" else build(name, retrieval_heads)
        checkpoint.save(folder / "checkpoint", model)
        publish(folder / "checkpoint", folder, name, About.model_validate(shipped.ABOUT), half)
    (folder / "checkpoint").unlink()
    exporting.export(folder, folder)
    return folder
