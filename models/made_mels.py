"""Mels that a transfer model makes of a store's examples: what a vocoder is given in use.

They are made once, before a training, and kept beside its progress: so a training that is taken up
again, or that only takes part, reads the same ones.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from audio.errors import InputError
from audio.files import replacing
from audio.mel import Codes, dequantize, quantize
from audio.params import Audio
from audio.store import VIEWS, Split
from models import checkpoint
from models.dataset import step_seed

AT_ONCE = 8  # examples
ALIGNED = 8  # frames: models halve the time up to three times
CONTENT, STYLE, TARGET = (VIEWS.index(view) for view in ("content", "style", "target"))


def transferring(path: Path, audio: Audio) -> nn.Module:
    """Read a model that transfers.

    Raises:
        InputError: if it is none, or one of another mel.
    """
    name, model = checkpoint.load(path)
    if not hasattr(model, "transfer"):
        raise InputError(
            f"expected a model that transfers in {path}, got {name}; please give another one."
        )
    if checkpoint.description(path)["audio"] != audio.model_dump():
        raise InputError(
            f"expected a model of the store's mel in {path}, got one of another; "
            "please train it on this store."
        )
    return model


@torch.no_grad()
def made(model: nn.Module, split: Split, audio: Audio, seed: int, path: Path) -> Codes:
    """What a model makes of those examples that keep their audio.

    By turns the style is heard in the style clip, as in use, and in the target itself, which the
    model comes nearest to. The notes are the target's, moment by moment.

    Args:
        model: its `transfer` takes content and style.
        split: of the store.
        audio: the mel's settings.
        seed: of what the model draws; an example's number is mixed in.
        path: of a `.npy` file that they are kept in, and read from if it is there.

    Returns:
        Codes, `(N, M, T)`.
    """
    if path.exists():
        kept: Codes = np.load(path)
        return kept
    transfer: Callable[[Tensor, Tensor], Tensor] = model.transfer  # type: ignore[assignment]
    found = []
    for start in range(0, split.heard, AT_ONCE):
        codes = split.mel(start, min(start + AT_ONCE, split.heard))
        heard = [TARGET if number % 2 else STYLE for number in range(start, start + len(codes))]
        content = codes[:, CONTENT]
        style = codes[np.arange(len(codes)), heard]
        torch.manual_seed(step_seed(seed, start))
        mels = (torch.from_numpy(dequantize(each, audio)) for each in (_aligned(content), style))
        made_of = transfer(*mels)[..., : codes.shape[3]].double().numpy()
        found.append(quantize(made_of, audio))
    whole = np.concatenate(found)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, whole)
    return whole


def _aligned(codes: Codes) -> Codes:
    """Codes `(N, M, T)`, the last frame repeated as models need it."""
    return np.pad(codes, [(0, 0), (0, 0), (0, -codes.shape[2] % ALIGNED)], mode="edge")
