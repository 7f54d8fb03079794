"""Checkpoints that describe themselves: safetensors with the model's name, settings and mel."""

import json
from pathlib import Path
from typing import Any, get_type_hints

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.params import Audio, Section
from timbre.models import registry
from timbre.models.description import description as description
from timbre.models.description import refusal

FORMAT = 1  # of the description; checkpoints from before version 0.2 tell none

# parts of the autoencoder that came later, as checkpoints from before them have none
_LATER_PARTS: dict[str, Any] = {"retrieval_heads": 0, "fine_dilations": []}


def build(name: str, network: Section, audio: Audio, base: nn.Module | None = None) -> nn.Module:
    """A new model, which carries its own description.

    Args:
        name: of the model in the registry.
        network: its settings.
        audio: the mel's settings.
        base: the model it stands on, or None.
    """
    model: nn.Module = registry.model_class(name)(network, audio, base)
    described: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "network": network.model_dump(),
        "audio": audio.model_dump(),
    }
    described["base"] = None if base is None else base.description
    model.description = described  # type: ignore[assignment]  # a plain value, no module
    return model


def rebuild(described: dict[str, Any]) -> nn.Module:
    """The model of a description, without its weights."""
    schema = get_type_hints(registry.model_class(described["name"]).__init__)["config"]
    base = None if described["base"] is None else rebuild(described["base"])
    network = schema.model_validate(_completed(described["network"]))
    return build(described["name"], network, Audio.model_validate(described["audio"]), base)


def _completed(network: dict[str, Any]) -> dict[str, Any]:
    """Settings of a network, with what earlier versions could not say."""
    inner = {
        key: _completed(value) if isinstance(value, dict) else value
        for key, value in network.items()
    }
    return _LATER_PARTS | inner if "content_dim" in inner else inner


def save(path: Path, model: nn.Module) -> None:
    """Write weights and description, whole or not at all; equal models give equal bytes."""
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    with replacing(path) as temporary:
        text = json.dumps(model.description, sort_keys=True)
        save_file(weights, temporary, metadata={"timbre": text})


def load(path: Path, device: torch.device | str = "cpu") -> tuple[str, nn.Module]:
    """Read a model, ready to use.

    Returns:
        Its name and the model, in evaluation mode on `device`.

    Raises:
        InputError: if the file is missing, cut off or no checkpoint.
    """
    described = description(path)
    try:
        with torch.inference_mode(False):  # styles are fitted by gradients through the model
            model = rebuild(described)
            model.load_state_dict(load_file(path), strict=True)
    except (ImportError, AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        # written by another version: other settings, other weights
        raise refusal(path, error) from error
    with torch.inference_mode(False):
        return described["name"], model.to(device).eval()


def load_into(model: nn.Module, path: Path) -> None:
    """Give a model the weights of another training, to go on from.

    What has no weights, as the noise in training or a temperature, may differ.

    Raises:
        InputError: if the file is no checkpoint, or one of another model, size or mel.
    """
    expected: Any = model.description
    stored = description(path)
    for key in ("name", "audio"):
        if stored.get(key) != expected[key]:
            raise InputError(
                f"expected weights for {key} {expected[key]} in {path}, got those for "
                f"{stored.get(key)}; please give a checkpoint of the same model and mel."
            )
    try:
        model.load_state_dict(load_file(path), strict=True)
    except RuntimeError as error:
        raise InputError(
            f"expected weights of the same network in {path}, got others "
            f"({str(error).splitlines()[-1].strip()}); please give the settings that it was "
            "trained with, or none to start from."
        ) from error
