"""Modules that are exported: a model's style and transfer, and a vocoder's spectrum."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.models.contract import TransferModel
from timbre.models.style import Style
from timbre.models.vocos import model as vocos


class StyleGraph(nn.Module):
    """Mel of a clip -> how it sounds.

    Args:
        model: as `timbre.export.substitutes.exportable` returns it.
    """

    def __init__(self, model: TransferModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, mel: Tensor) -> tuple[Tensor, ...]:
        """`(1, M, T)` in dB -> the vector, the frames, normalised, and patches if there are."""
        style = self.model.style(mel)
        (frames,) = style.frames
        return (style.vector, F.group_norm(frames, 1), *style.patches)


class TransferGraph(nn.Module):
    """Mel of the content and a style -> mel.

    Args:
        model: as `timbre.export.substitutes.exportable` returns it.
        has_patches: whether its styles have patches.
        options: that it takes.
    """

    def __init__(self, model: TransferModel, has_patches: bool, options: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.has_patches, self.options = model, has_patches, options

    def forward(
        self, mel: Tensor, vector: Tensor, frames: Tensor, bias: Tensor, *others: Tensor
    ) -> Tensor:
        """`(1, M, T)` in dB -> `(1, M, T)` in dB.

        Args:
            mel: of the content, T a multiple of 8.
            vector: of the style.
            frames: of all its clips, `(1, C, T')`.
            bias: `(1, T')`, added to the logits of attention to them.
            *others: patches if there are, `(1, P, T')`, noise if it is drawn, `(1, M, T)`, and the
                options, of shape ().
        """
        left = list(others)
        patches = (left.pop(0),) if self.has_patches else ()
        options = {"noise": left.pop(0)} if self.model.draws else {}
        options |= dict(zip(self.options, left, strict=True))
        style = Style(vector, (frames,), bias, None, patches)
        return self.model.transfer(mel, style, **options)


class VocoderGraph(nn.Module):
    """Mel -> the spectrum of each frame, of which an inverse Fourier transform makes audio.

    Args:
        model: the network.
    """

    def __init__(self, model: vocos.Model) -> None:
        super().__init__()
        self.model = model
        # a bin lies between two bands at most
        spread = model.spread.cpu().numpy()
        bands = np.sort(np.argsort(-spread, axis=1, kind="stable")[:, :2], axis=1)
        assert (np.count_nonzero(spread, axis=1) <= 2).all()
        weights = np.take_along_axis(spread, bands, axis=1)
        self.register_buffer("bands", torch.from_numpy(bands.T.copy()))
        self.register_buffer("weights", torch.from_numpy(weights.T[..., None].copy()))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """`(1, M, T)` in dB -> real and imaginary part, `(1, T + 1, F)` each.

        As `torch.stft` would return them of a sound at full scale.
        """
        # one frame more than the mel has, as the analysis dropped the last
        mel = torch.cat([mel, mel[..., -1:]], dim=2)
        bands, weights = self.get_buffer("bands"), self.get_buffer("weights")
        level = weights[0] * mel[:, bands[0]] + weights[1] * mel[:, bands[1]]
        magnitude, phase = self.model.magnitude_and_phase(mel, level)
        magnitude = magnitude * (self.model.window.sum() / 2)
        parts = (magnitude * phase.cos(), magnitude * phase.sin())
        real, imaginary = (part.transpose(1, 2) for part in parts)
        return real, imaginary
