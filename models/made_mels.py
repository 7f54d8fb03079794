"""The mels that a transfer model makes: what a vocoder is given in use."""

from typing import Any

import numpy as np
import torch
from torch import nn

from audio.mel import Codes, dequantize, quantize
from audio.params import Audio
from audio.store import VIEWS, Split

AT_ONCE = 16  # examples
CONTENT, STYLE = (VIEWS.index(view) for view in ("content", "style"))


@torch.inference_mode()
def made_mels(model: nn.Module, split: Split, audio: Audio) -> Codes:
    """What a model makes of the content and style of those examples that keep their audio.

    Blurred as they are, they stand for the target's audio, frame by frame.

    Args:
        model: the trained autoencoder or VQ-VAE.
        split: of the store.
        audio: how codes are read.

    Returns:
        Codes `(N', M, T)`.
    """
    transfer: Any = model
    made = []
    for start in range(0, split.heard, AT_ONCE):
        codes = split.mel(start, min(start + AT_ONCE, split.heard))
        content, style = (
            torch.from_numpy(dequantize(codes[:, view], audio)) for view in (CONTENT, STYLE)
        )
        # the style as it is heard, not fitted to its clip, which would take a second each
        base = transfer.base if hasattr(transfer, "base") else transfer
        mels = transfer.transfer(content, base.style(style))
        made.append(quantize(mels.double().numpy(), audio))
    return np.concatenate(made)
