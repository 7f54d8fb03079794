"""Vocos, the trained vocoder: frame by frame a mel becomes a complex spectrum, then audio.

The network is Vocos', Siuzdak, ICLR 2024, arXiv:2306.00814, section 3: ConvNeXt blocks that keep
the frame rate, and an inverse short-time Fourier transform instead of upsampling. It is trained
without a discriminator, by spectral distances alone, and its magnitudes begin as those of the mel.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import mel_edges, triangles
from timbre.core.params import Audio
from timbre.models.contract import Losses, TrainableModel
from timbre.models.vocos.config import VocosConfig
from timbre.models.vocos.spectral_loss import SpectralLoss

KERNEL = 7  # frames
MAX_MAGNITUDE = 2.0  # magnitude re a sine of amplitude 1: no signal in [-1, 1] has more


class Block(nn.Module):
    """ConvNeXt in one dimension (Liu et al., CVPR 2022, arXiv:2201.03545).

    Args:
        config: sizes.
    """

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        channels = config.channels
        self.spread = nn.Conv1d(channels, channels, KERNEL, padding=KERNEL // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.up = nn.Linear(channels, config.hidden)
        self.down = nn.Linear(config.hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), 1 / config.layers))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, C)` -> `(B, T, C)`."""
        h = self.spread(x.transpose(1, 2)).transpose(1, 2)
        change: Tensor = self.down(F.gelu(self.up(self.norm(h))))
        return x + self.scale * change


class Model(TrainableModel):
    """Mel in dB -> audio.

    Args:
        config: sizes and how to train.
        audio: the mel's settings.
        base: must be None.
    """

    supports_bf16 = False  # phases
    readouts = ("head",)
    splits = ("train", "valid")

    spread: Tensor
    window: Tensor

    def __init__(self, config: VocosConfig, audio: Audio, base: None = None) -> None:
        super().__init__()
        assert base is None
        self.config, self.audio = config, audio
        bins = config.n_fft // 2 + 1
        self.enter = nn.Conv1d(audio.n_mels, config.channels, KERNEL, padding=KERNEL // 2)
        self.begin = nn.LayerNorm(config.channels)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.layers)))
        self.end = nn.LayerNorm(config.channels)
        self.head = nn.Linear(config.channels, 2 * bins)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.loss = SpectralLoss(config.resolutions, audio)
        spread = torch.from_numpy(_interpolation(audio, config.n_fft)).float()
        self.register_buffer("spread", spread, persistent=False)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def decode(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` in dB -> `(B, T * hop_length)`; equal mel, equal audio."""
        length = mel.shape[2] * self.audio.hop_length
        # one frame more than the mel has, as the analysis dropped the last
        mel = torch.cat([mel, mel[..., -1:]], dim=2).float()
        magnitude, phase = self.magnitude_and_phase(mel, self.spread @ mel)
        # the cosine and sine of an angle have no jump where it wraps around
        spectrum = torch.polar(magnitude * self.window.sum() / 2, phase)
        return torch.istft(
            spectrum, self.config.n_fft, self.audio.hop_length, window=self.window, length=length
        )

    def magnitude_and_phase(self, mel: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """The spectrum of each frame.

        Args:
            mel: in dB, `(B, M, T)`.
            level: the mel in the bins, in dB, `(B, F, T)`, from which magnitudes deviate.

        Returns:
            The magnitude, 1 for a sine of amplitude 1, and the phase in radians, `(B, F, T)` each.
        """
        normalized = (mel - self.audio.db_mean) / self.audio.db_std
        h = self.begin(self.enter(normalized).transpose(1, 2))
        head = self.head(self.end(self.blocks(h))).transpose(1, 2)
        deviation, phase = head.chunk(2, dim=1)
        magnitude = level * (math.log(10) / 20) + deviation
        return magnitude.clamp(max=math.log(MAX_MAGNITUDE)).exp(), phase

    def forward(self, mel: Tensor, target: Tensor) -> Losses:
        """Losses of what is made of a mel.

        Crops may begin anywhere: the frames of a mel know what lies around a crop, and what is
        compared is what lies inside.

        Args:
            mel: in dB, `(B, M, T)`.
            target: the audio it is of, `(B, T * hop_length)`.

        Returns:
            `total`, `convergence`, `magnitude` and `mel`.
        """
        if self.training:
            mel = self._roughened(mel)
        terms: Losses = self.loss(self.decode(mel), target)
        total = terms["convergence"] + terms["magnitude"] + self.config.mel_weight * terms["mel"]
        return {"total": total, **{name: value.detach() for name, value in terms.items()}}

    def _roughened(self, mel: Tensor) -> Tensor:
        """A mel a little noisy and blurred, as models make them."""
        reach, shape = self.config.smear, (len(mel), 1, 1)
        padded = F.pad(mel[:, None], (reach,) * 4, mode="replicate")
        blurred = F.avg_pool2d(padded, 2 * reach + 1, stride=1)[:, 0]
        mel = torch.lerp(mel, blurred, torch.rand(shape, device=mel.device))
        level = self.config.noise_db * torch.rand(shape, device=mel.device)
        return (mel + level * torch.randn_like(mel)).clamp(min=self.audio.db_min)


def _interpolation(audio: Audio, n_fft: int) -> np.ndarray:
    """Weights `(F, M)` by which the levels of the mel bands become those of linear bins."""
    edges = mel_edges(audio.n_mels, audio.f_min, audio.f_max)
    weights = triangles(edges, audio.sample_rate, n_fft).T
    total = weights.sum(axis=1, keepdims=True)
    bins = np.linspace(0, audio.sample_rate / 2, n_fft // 2 + 1)
    # below the first band and above the last
    nearest = np.abs(bins[:, None] - edges[1:-1]).argmin(axis=1)
    lone = np.eye(audio.n_mels)[nearest]
    return np.where(total > 0, weights / np.where(total > 0, total, 1), lone)
