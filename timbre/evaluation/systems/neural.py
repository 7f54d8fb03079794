"""The system of a trained model: audio -> mel -> model -> mel -> vocoder -> audio."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from timbre.audio.mel import clip_mel
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.evaluation.cases.cases import Case
from timbre.models import checkpoint
from timbre.models.vocoder.model import decode, load


class NeuralSystem:
    """A model and the vocoder.

    Args:
        path: checkpoint of the model.
        audio: the mel that everything here shares.
        vocoder: checkpoint of the vocoder.
        device: that model and vocoder run on.
    """

    def __init__(self, path: Path, audio: Audio, vocoder: Path, device: str = "cpu") -> None:
        torch.set_num_threads(1)  # one process a core
        _, self._model = checkpoint.load(path, device)
        self._audio, self._vocoder = audio, load(vocoder, device)
        self._device = device

    @torch.inference_mode()
    def __call__(self, case: Case, seed: int) -> Signal:
        """Equal cases and seeds give equal audio on one device."""
        torch.manual_seed(seed)
        transfer: Callable[[Tensor, Tensor], Tensor] = self._model.transfer  # type: ignore[assignment]
        content, style = (
            torch.from_numpy(clip_mel(sound, self._audio))[None].to(self._device)
            for sound in (case.content, case.style)
        )
        return decode(self._vocoder, transfer(content, style), len(case.content))

    @property
    def parameters(self) -> int:
        """How many numbers the model learned, its base included, the vocoder not."""
        return sum(p.numel() for p in self._model.parameters())


class Resynthesis:
    """The ceiling of all that goes through the vocoder: the target's own mel.

    Args:
        audio: the mel that everything here shares.
        vocoder: checkpoint of the vocoder.
    """

    def __init__(self, audio: Audio, vocoder: Path) -> None:
        torch.set_num_threads(1)
        self._audio, self._vocoder = audio, load(vocoder)

    @torch.inference_mode()
    def __call__(self, case: Case, seed: int) -> Signal | None:
        """The target, or None where there is none; nothing is drawn."""
        if case.target is None:
            return None
        frames = torch.from_numpy(clip_mel(case.target, self._audio))[None]
        return decode(self._vocoder, frames, len(case.target))
