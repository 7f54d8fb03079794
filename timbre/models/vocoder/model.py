"""Vocoders, mel -> audio: any of them, corrected until its audio has the mel that was asked for.

A vocoder's checkpoint is one of this module's `Model`, which stands on `griffin_lim` or `vocos`; so
what loads it need not know which.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import Floats, mel_filters
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.models import checkpoint
from timbre.models.vocoder.config import RefinementConfig

POWER_FLOOR = 1e-14  # power re full scale, -140 dB: added to both sides of a ratio
MAX_RATIO = 1e6  # of wanted to present power that is corrected at once
MOMENTUM = 0.8  # of the halves of turns; more overshoots where there are few


class Vocoder(Protocol):
    """Vocoder: turns a mel into audio."""

    def __call__(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` in dB -> `(B, T * hop_length)` in [-1, 1]; equal mel, equal audio."""
        ...


class Model(nn.Module):
    """A vocoder and the correction of what it makes.

    The correction goes by turns: the power in each mel band is compared with the wanted one, and
    each bin of the short-time spectrum is scaled by the geometric mean of the ratios in the bands
    that hear it. Phases stay. A turn has two halves: as few frames as overlap twice are corrected,
    then those between them, which brings the sound nearer than all of them at once, at the same
    cost. Each half goes on the way of the one before, as in the fast Griffin-Lim algorithm
    (Perraudin, Balazs and Sondergaard, WASPAA 2013), which brings it as near in half the turns.

    Args:
        config: how often to correct.
        audio: the mel's settings.
        base: the vocoder, which has `decode`, as this has `forward`.
    """

    supports_bf16 = False  # levels over 90 dB

    filters: Tensor
    shares: Tensor
    window: Tensor

    def __init__(self, config: RefinementConfig, audio: Audio, base: nn.Module) -> None:
        super().__init__()
        self.config, self.audio, self.base = config, audio, base
        filters = mel_filters(audio)
        # what each band has to say in each bin; where no band hears a bin, nothing
        shares = filters.T / filters.sum(axis=0).clip(min=1e-6)[:, None]
        self.step = max(1, audio.n_fft // (2 * audio.hop_length))  # frames of the mel
        self.register_buffer("filters", sparse(filters), persistent=False)
        self.register_buffer("shares", sparse(shares), persistent=False)
        self.register_buffer("window", torch.hann_window(audio.n_fft), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        """See `Vocoder`."""
        sound: Tensor = self.base.decode(mel)  # type: ignore[operator]  # a method
        target, before = power(mel, self.audio), sound
        for half in range(2 * self.config.iterations):
            ahead = sound + MOMENTUM * (sound - before)
            before, sound = sound, self._corrected(ahead, target, half % 2 * (self.step // 2))
        return sound

    def _corrected(self, sound: Tensor, target: Tensor, early: int) -> Tensor:
        """Half a turn.

        Args:
            sound: `(B, L)`.
            target: power, `(B, M, T)`.
            early: frames of the mel by which those that are corrected lie before every `step`-th.

        Returns:
            `(B, L)`.
        """
        n_fft, hop, length = self.audio.n_fft, self.step * self.audio.hop_length, sound.shape[1]
        before = early * self.audio.hop_length
        # up to a whole number of frames, or the ends would be heard by one frame alone
        ends = (before, -(before + length) % hop)
        padded = F.pad(sound[:, None], ends, mode="reflect")[:, 0]
        spectrum = torch.stft(padded, n_fft, hop, window=self.window, return_complex=True)
        frames = torch.arange(spectrum.shape[2], device=target.device) * self.step - early
        inside = (frames >= 0) & (frames < target.shape[2])  # at the ends are frames without a mel
        target = target[..., frames.clamp(0, target.shape[2] - 1)]
        scaled = (spectrum.real**2 + spectrum.imag**2) * (2 / self.window.sum()) ** 2
        ratio = (target + POWER_FLOOR) / (banded(self.filters, scaled) + POWER_FLOOR)
        ratio = ratio.clamp(1 / MAX_RATIO, MAX_RATIO)
        gain = (banded(self.shares, ratio.log() * inside) / 2).exp()
        corrected = torch.istft(
            spectrum * gain, n_fft, hop, window=self.window, length=padded.shape[1]
        )  # fmt: skip
        return corrected[:, before : before + length]


def load(path: Path, device: torch.device | str = "cpu") -> Vocoder:
    """Read a vocoder's checkpoint.

    Raises:
        InputError: if the file is missing, cut off or no vocoder.
    """
    name, model = checkpoint.load(path, device)
    if not isinstance(model, Model):
        raise InputError(
            f"expected a checkpoint of a vocoder in {path}, got one of {name}; "
            "please give the file that the stage `vocoder` writes."
        )
    return model


def power(mel: Tensor, audio: Audio) -> Tensor:
    """Levels in dB -> power, re a sine of amplitude 1; the lowest level is none."""
    return torch.where(mel > audio.db_min + audio.db_step / 2, 10 ** (mel.float() / 10), 0.0)


def sparse(matrix: Floats) -> Tensor:
    """A matrix of which nearly all is zero: four times as fast as a dense one."""
    return torch.from_numpy(matrix).float().to_sparse()


def banded(matrix: Tensor, values: Tensor) -> Tensor:
    """A sparse `(N, F)` times each of `(B, F, T)`: `(B, N, T)`."""
    batch, bins, frames = values.shape
    aside = values.transpose(0, 1).reshape(bins, -1)  # all frames side by side
    return (matrix @ aside).reshape(-1, batch, frames).transpose(0, 1)


def decode(vocoder: Vocoder, frames: Tensor, length: int) -> Signal:
    """Mel in dB `(1, M, T)` -> audio `(length,)`, silent where the mel ends before."""
    sound: Signal = vocoder(frames)[0, :length].clamp(-1, 1).cpu().numpy()
    return np.pad(sound, (0, length - len(sound)))
