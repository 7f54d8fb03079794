"""Griffin-Lim: the vocoder that needs no training."""

import torch
import torchaudio
from torch import Tensor, nn

from timbre.audio.mel import mel_filters
from timbre.core.params import Audio
from timbre.models.griffin_lim.config import GriffinLimConfig
from timbre.models.vocoder.model import banded, power, sparse


class Model(nn.Module):
    """Fast Griffin-Lim on the mel's linear spectrum.

    The mel filters are inverted by multiplicative updates for non-negative least squares (Lee and
    Seung, NeurIPS 2000); the phase is found by Perraudin, Balazs and Sondergaard's fast
    Griffin-Lim (WASPAA 2013), torchaudio's.

    Args:
        config: iterations and momentum.
        audio: the mel's settings.
        base: must be None.
    """

    filters: Tensor
    transposed: Tensor
    area: Tensor
    window: Tensor

    def __init__(self, config: GriffinLimConfig, audio: Audio, base: None = None) -> None:
        super().__init__()
        assert base is None
        self.config, self.audio = config, audio
        filters = mel_filters(audio)
        area = torch.from_numpy(filters.sum(axis=1, keepdims=True)).float()
        self.register_buffer("filters", sparse(filters), persistent=False)
        self.register_buffer("transposed", sparse(filters.T), persistent=False)
        self.register_buffer("area", area, persistent=False)
        self.register_buffer("window", torch.hann_window(audio.n_fft), persistent=False)

    def decode(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` in dB -> `(B, T * hop_length)`; equal mel, equal audio."""
        target = power(mel, self.audio)
        linear = banded(self.transposed, target / self.area)
        target = banded(self.transposed, target)
        for _ in range(self.config.mel_iterations):
            estimate = banded(self.transposed, banded(self.filters, linear))
            linear = linear * target / (estimate + 1e-12)
        # dB are relative to a sine of amplitude 1, whose spectrum is half the window's sum
        magnitude = linear.sqrt() * self.window.sum() / 2
        # one frame more than the mel has, as the analysis dropped the last
        magnitude = torch.cat([magnitude, magnitude[..., -1:]], dim=2)
        sound: Tensor = torchaudio.functional.griffinlim(
            magnitude,
            window=self.window,
            n_fft=self.audio.n_fft,
            hop_length=self.audio.hop_length,
            win_length=self.audio.n_fft,
            power=1.0,
            n_iter=self.config.iterations,
            momentum=self.config.momentum,
            length=mel.shape[2] * self.audio.hop_length,
            rand_init=False,
        )
        return sound
