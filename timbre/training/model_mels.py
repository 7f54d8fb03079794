"""Mels that a transfer model makes: what a vocoder is given in use.

They are made once, before a training, and kept beside its progress, so that one that is taken up
again reads the same ones.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from timbre.audio.mel import FRAME_MULTIPLE, Codes, dequantize, quantize
from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.params import Audio
from timbre.models import checkpoint
from timbre.store.store import VIEWS, Split

BATCH_EXAMPLES = 16
CONTENT, STYLE, TARGET = (VIEWS.index(view) for view in ("content", "style", "target"))


def load_transfer_model(path: Path, audio: Audio) -> nn.Module:
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


@torch.inference_mode()
def model_mels(model: nn.Module, split: Split, audio: Audio, path: Path) -> Codes:
    """Mels that a model makes of those examples that keep their audio.

    By turns the style is heard in the style clip, as in use, and in the target itself, to which
    the model comes nearest. Blurred as they are, they stand for the target's audio, frame by frame.

    Args:
        model: the trained autoencoder or VQ-VAE.
        split: of the store.
        audio: how codes are read.
        path: of a `.npy` file to keep them in; if it is there, it is read.

    Returns:
        Codes `(N', M, T)`.
    """
    if path.exists():
        saved_codes: Codes = np.load(path)
        return saved_codes
    transfer: Any = model
    batches = []
    for start in range(0, split.audio_count, BATCH_EXAMPLES):
        codes = split.mel(start, min(start + BATCH_EXAMPLES, split.audio_count))
        frames, rows = codes.shape[3], np.arange(len(codes))
        style_views = np.where((start + rows) % 2, TARGET, STYLE)
        padded = np.pad(
            codes[:, CONTENT], [(0, 0), (0, 0), (0, -frames % FRAME_MULTIPLE)], mode="edge"
        )
        content, style = (
            torch.from_numpy(dequantize(each, audio)) for each in (padded, codes[rows, style_views])
        )
        # the style as it is heard, not fitted to its clip, which would take a second each
        base = transfer.base if hasattr(transfer, "base") else transfer
        encode_style = getattr(base, "encode_style", base.style)
        mels = transfer.transfer(content, encode_style(style))[..., :frames]
        batches.append(quantize(mels.double().numpy(), audio))
    whole = np.concatenate(batches)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, whole)
    return whole
