"""A model and the vocoder in PyTorch, on the CPU or a graphics card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.models import card, checkpoint, registry
from timbre.models.contract import TransferModel
from timbre.models.style import Style, blend
from timbre.models.vocoder import model as vocoder
from timbre.runtime.backend import Backend, Floats


class TorchBackend(Backend[Style]):
    """Checkpoints.

    Args:
        model: that transfers.
        voice: a vocoder for the same mels.
        audio: the mel's settings.
        device: that both run on.
        options: settings that the model takes.
    """

    name = "torch"

    def __init__(
        self,
        model: TransferModel,
        voice: vocoder.Vocoder,
        audio: Audio,
        device: str = "cpu",
        options: tuple[str, ...] = (),
    ) -> None:
        self.model, self._vocoder, self._device = model, voice, device
        self.audio, self.options, self.draws = audio, options, model.draws

    @classmethod
    def load(cls, name: str, weights: Path, device: str | None = None) -> Self:
        """The checkpoints in a folder of models or of checkpoints.

        Args:
            name: of the model.
            weights: the folder.
            device: of torch; the GPU where there is one unless given.

        Raises:
            InputError: if they are missing, others than their cards say, or of different mels, or
                there is no such device.
        """
        has_cuda = torch.cuda.is_available()
        device = device or ("cuda" if has_cuda else "cpu")
        if device != "cpu" and not (has_cuda and device.partition(":")[0] == "cuda"):
            raise InputError(
                f"expected the device cpu{' or cuda' if has_cuda else ', as there is no other'}, "
                f"got {device!r}; please give that."
            )
        paths = [card.verified(weights, each) for each in (name, "vocoder")]
        mels = [checkpoint.description(path)["audio"] for path in paths]
        if mels[0] != mels[1]:
            raise InputError(
                f"expected {paths[0]} and {paths[1]} to share one mel, they have different "
                "settings; please train the vocoder for the model."
            )
        model = checkpoint.load(paths[0], device)[1]
        assert isinstance(model, TransferModel)
        voice = vocoder.load(paths[1], device)
        options = registry.transfer_options(name) or ()
        return cls(model, voice, Audio.model_validate(mels[0]), device, options)

    @torch.inference_mode()
    def styles(self, mels: Floats) -> list[Style]:
        """See `Backend`."""
        batch = self.model.style(self._tensor(mels))
        return [_one(batch, number) for number in range(len(mels))]

    @torch.inference_mode()
    def blend(self, styles: Sequence[Style], weights: Sequence[float]) -> Style:
        """See `Backend`."""
        return blend(styles, weights)

    @torch.inference_mode()
    def transfer(
        self, mel: Floats, style: Style, noise: Floats | None, options: dict[str, Any]
    ) -> Floats:
        """See `Backend`."""
        arguments = dict(options)
        if noise is not None:
            arguments["noise"] = self._tensor(noise[None])
        output: Floats = (
            self.model.transfer(self._tensor(mel[None]), style, **arguments)[0].cpu().numpy()
        )
        return output

    @torch.inference_mode()
    def decode(self, mel: Floats) -> Signal:
        """See `Backend`."""
        return vocoder.decode(
            self._vocoder, self._tensor(mel[None]), mel.shape[1] * self.audio.hop_length
        )

    def _tensor(self, array: Floats) -> torch.Tensor:
        # a copy where it is read-only or not in order, as PyTorch takes neither
        return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(self._device)


def _one(styles: Style, number: int) -> Style:
    """One of a batch."""
    index = slice(number, number + 1)
    return Style(
        styles.vector[index],
        tuple(frames[index] for frames in styles.frames),
        None if styles.bias is None else styles.bias[index],
        None if styles.equalizer is None else styles.equalizer[index],
        tuple(patches[index] for patches in styles.patches),
    )
