"""Descriptions of checkpoints: what they say of themselves, read without PyTorch."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from timbre.core.errors import InputError


def description(path: Path) -> dict[str, Any]:
    """Description that `timbre.models.checkpoint.save` wrote beside the weights.

    Raises:
        InputError: if the file is missing, cut off or no checkpoint.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
        described: dict[str, Any] = json.loads(metadata["timbre"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise refusal(path, error) from None
    return described


def refusal(path: Path, error: Exception) -> InputError:
    """What to say of a file that is no checkpoint."""
    got = "no description in it" if isinstance(error, KeyError) else str(error).splitlines()[0]
    return InputError(
        f"expected a checkpoint of this project in {path}, got {got}; "
        "please train it again or give another file."
    )
