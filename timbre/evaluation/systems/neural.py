"""Systems of trained models: audio -> mel -> model -> mel -> vocoder -> audio."""

from pathlib import Path

import numpy as np
import torch

from timbre.audio.mel import clip_mel
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import Signal, resampled
from timbre.evaluation.cases.cases import Case
from timbre.models import checkpoint
from timbre.models.blocks import parameter_count
from timbre.models.contract import TransferModel
from timbre.models.vocoder.model import decode, load


class NeuralSystem:
    """A model and the vocoder, at the rate and with the mel that they were trained for.

    Args:
        path: checkpoint of the model.
        sample_rate: Hz, of the cases and of the output.
        vocoder: checkpoint of the vocoder.
        device: that model and vocoder run on.

    Raises:
        InputError: if they are missing, or of different mels.
    """

    def __init__(self, path: Path, sample_rate: int, vocoder: Path, device: str = "cpu") -> None:
        torch.set_num_threads(1)  # one process a core
        mels = [checkpoint.description(each)["audio"] for each in (path, vocoder)]
        if mels[0] != mels[1]:
            raise InputError(
                f"expected {path} and {vocoder} to share one mel, they have different settings; "
                "please train the vocoder for the model."
            )
        _, model = checkpoint.load(path, device)
        assert isinstance(model, TransferModel)
        self._model, self._vocoder = model, load(vocoder, device)
        self._audio, self._rate = Audio.model_validate(mels[0]), sample_rate
        self._device = device

    @torch.inference_mode()
    def __call__(self, case: Case, seed: int) -> Signal:
        """Equal cases and seeds give equal audio on one device."""
        torch.manual_seed(seed)
        clips = [
            resampled(x, self._rate, self._audio.sample_rate) for x in (case.content, case.style)
        ]
        content, style = (
            torch.from_numpy(clip_mel(clip, self._audio))[None].to(self._device) for clip in clips
        )
        sound = decode(self._vocoder, self._model.transfer(content, style), len(clips[0]))
        output = resampled(sound, self._audio.sample_rate, self._rate)[: len(case.content)]
        return np.pad(output, (0, len(case.content) - len(output)))

    @property
    def parameters(self) -> int:
        """Number of learned parameters, those of the base included, of the vocoder not."""
        return parameter_count(self._model)


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
