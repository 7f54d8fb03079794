"""The system of a trained model: audio -> mel -> model -> mel -> vocoder -> audio."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audio.benchmark import Case, Signal
from audio.mel import mel_spectrogram
from audio.params import Audio
from models import checkpoint
from models.vocoder import Vocoder, load


class System:
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
            torch.from_numpy(mel(sound, self._audio))[None].to(self._device)
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
        frames = torch.from_numpy(mel(case.target, self._audio))[None]
        return decode(self._vocoder, frames, len(case.target))


def mel(sound: Signal, audio: Audio) -> NDArray[np.float32]:
    """The mel of a clip in dB, `(M, T)`, its last frame repeated until T is a multiple of 8.

    Models halve the time up to three times.
    """
    frames = mel_spectrogram(sound, audio).astype(np.float32)
    return np.pad(frames, [(0, 0), (0, -frames.shape[1] % 8)], mode="edge")


def decode(vocoder: Vocoder, frames: Tensor, length: int) -> Signal:
    """Mel in dB `(1, M, T)` -> audio `(length,)`, silent where the mel ends before."""
    sound: Signal = vocoder(frames)[0, :length].clamp(-1, 1).cpu().numpy()
    return np.pad(sound, (0, length - len(sound)))
