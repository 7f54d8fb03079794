"""What is evaluated: every system makes audio of a test case, and none is special.

A system is a trained model; or the module of its name in `models`, whose class `System` takes its
settings and then `(content, style, seed)`; or a function of `models.baselines`.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audio.benchmark import Case, Signal
from audio.mel import mel_spectrogram
from audio.params import Audio
from models import checkpoint
from models.vocoder import Vocoder

# (case, seed of what is drawn) -> (L,) of the content's length; None where a case lacks what it
# takes
System = Callable[[Case, int], Signal | None]


class Trained:
    """The system of a trained model: audio -> mel -> model -> mel -> vocoder -> audio.

    Args:
        path: checkpoint of the model.
        audio: the mel that everything here shares.
        vocoder: mel to audio.
        device: that model and vocoder run on.
    """

    def __init__(self, path: Path, audio: Audio, vocoder: Vocoder, device: str = "cpu") -> None:
        _, self.model = checkpoint.load(path, device)
        self._audio, self._vocoder, self._device = audio, vocoder, device

    @torch.inference_mode()
    def __call__(self, case: Case, seed: int) -> Signal:
        """Equal cases and seeds give equal audio on one device."""
        torch.manual_seed(seed)
        transfer: Callable[[Tensor, Tensor], Tensor] = self.model.transfer  # type: ignore[assignment]
        content, style = (
            torch.from_numpy(mel(sound, self._audio))[None].to(self._device)
            for sound in (case.content, case.style)
        )
        return decode(self._vocoder, transfer(content, style), len(case.content))


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


def parameter_count(system: System) -> int:
    """How many numbers a system has learned."""
    model = getattr(system, "model", None)
    return sum(p.numel() for p in model.parameters()) if isinstance(model, nn.Module) else 0


def build(name: str, settings: object, audio: Audio, vocoder: Vocoder) -> System:
    """A system without a checkpoint: the module or the baseline of this name.

    Args:
        name: of a module here or of a function of `models.baselines`.
        settings: of that module, None if it has none.
        audio: the mel that everything here shares.
        vocoder: mel to audio.
    """
    if settings is None:
        baseline: System = importlib.import_module("models.baselines").build(name, audio, vocoder)
        return baseline
    transfer = importlib.import_module(f"models.{name}").System(settings)
    return lambda case, seed: transfer(case.content, case.style, seed)
