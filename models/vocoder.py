"""Mel spectrogram -> audio: the interface of every vocoder, and the one that needs no training."""

from typing import Protocol

import torch
import torchaudio
from torch import Tensor

from audio.mel import mel_filters
from audio.params import Audio
from models.params import Vocoder as Config


class Vocoder(Protocol):
    """What turns a mel into audio."""

    def __call__(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` in dB -> `(B, T * hop_length)` in [-1, 1]; equal mel, equal audio."""
        ...


class GriffinLim:
    """Fast Griffin-Lim on the mel's linear spectrum.

    The mel filters are inverted by multiplicative updates for non-negative least squares (Lee and
    Seung, NeurIPS 2000); the phase is found by Perraudin, Balazs and Sondergaard's fast
    Griffin-Lim (WASPAA 2013), torchaudio's.

    Args:
        config: iterations and momentum.
        audio: the mel's settings.
    """

    def __init__(self, config: Config, audio: Audio) -> None:
        self._config, self._audio = config, audio
        # nearly all weights are zero: four times as fast as a dense matrix
        filters = torch.from_numpy(mel_filters(audio)).float()
        self._area = filters.sum(dim=1, keepdim=True)
        self._filters, self._transposed = filters.to_sparse(), filters.T.to_sparse()
        self._window = torch.hann_window(audio.n_fft)

    def __call__(self, mel: Tensor) -> Tensor:
        """See `Vocoder`."""
        audio, device = self._audio, mel.device
        batch, bands, frames = mel.shape
        power = 10 ** (mel.float() / 10)
        power = torch.where(mel > audio.db_min + audio.db_step / 2, power, 0.0)
        power = power.transpose(0, 1).reshape(bands, -1)  # all frames side by side
        filters, transposed = self._filters.to(device), self._transposed.to(device)
        linear = transposed @ (power / self._area.to(device))
        wanted = transposed @ power
        for _ in range(self._config.mel_iterations):
            linear = linear * wanted / (transposed @ (filters @ linear) + 1e-12)
        linear = linear.reshape(-1, batch, frames).transpose(0, 1)
        # dB are relative to a sine of amplitude 1, whose spectrum is half the window's sum
        magnitude = linear.sqrt() * self._window.sum() / 2
        length = mel.shape[2] * audio.hop_length
        # one frame more than the mel has, as the analysis dropped the last
        magnitude = torch.cat([magnitude, magnitude[..., -1:]], dim=2)
        signal: Tensor = torchaudio.functional.griffinlim(
            magnitude,
            window=self._window.to(mel.device),
            n_fft=audio.n_fft,
            hop_length=audio.hop_length,
            win_length=audio.n_fft,
            power=1.0,
            n_iter=self._config.iterations,
            momentum=self._config.momentum,
            length=length,
            rand_init=False,
        )
        return signal
