"""What is evaluated: every system takes content and style and gives audio, and none is special."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audio.mel import dequantize
from audio.params import Audio
from audio.store import Split
from models import checkpoint
from models.vocoder import Vocoder

Signal = NDArray[np.float32]


class Case(NamedTuple):
    """One test case: audio `(L,)` and mels in dB `(1, M, T)` of content, style and target."""

    content: Signal
    style: Signal
    target: Signal
    content_mel: Tensor
    style_mel: Tensor
    target_mel: Tensor


System = Callable[[Case, int], Signal]  # (case, seed of what is drawn) -> (L,)


def case(split: Split, number: int, audio: Audio, style_of: int | None = None) -> Case:
    """Read a test case; `style_of` takes the style of another one."""

    def read(example: int) -> tuple[Signal, list[Tensor]]:
        codes = split.mel(example, example + 1)[0]
        mels = [torch.from_numpy(view)[None] for view in dequantize(codes, audio)]
        return split.audio(example), mels

    (content, style, target), mels = read(number)
    if style_of is not None:
        others, other_mels = read(style_of)
        style, mels[1] = others[1], other_mels[1]
    return Case(content, style, target, *mels)


def trained(path: Path, vocoder: Vocoder) -> System:
    """The system of a model's checkpoint."""
    _, model = checkpoint.load(path)

    @torch.inference_mode()
    def system(case: Case, seed: int) -> Signal:
        torch.manual_seed(seed)
        transfer: Callable[[Tensor, Tensor], Tensor] = model.transfer  # type: ignore[assignment]
        return decode(vocoder, transfer(case.content_mel, case.style_mel))

    return system


def decode(vocoder: Vocoder, mel: Tensor) -> Signal:
    """Mel in dB `(1, M, T)` -> audio `(L,)`."""
    audio: Signal = vocoder(mel)[0].clamp(-1, 1).numpy()
    return audio
