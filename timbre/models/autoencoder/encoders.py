"""Content encoder and style encoder."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import band_spacing, hz_to_mel
from timbre.core.params import Audio
from timbre.models.autoencoder.config import AutoencoderConfig
from timbre.models.blocks import ResidualBlock
from timbre.models.style import Style

STRIDE = 4  # frames of mel to a frame of content
LOWEST_PITCH, HIGHEST_PITCH = 28, 103  # MIDI pitches with a harmonic comb: E1 to G7
COMB_PARTIALS = 12  # of a comb
PARTIAL_WIDTH = 0.35  # Slaney's mel, 23 Hz below 1 kHz: width of a partial, a band at least
PEAK_CONTEXT = 2.1  # mel on each side that a peak stands out of


def harmonic_combs(audio: Audio) -> Tensor:
    """Positions of the partials of each pitch among the mel bands.

    Returns:
        `(P, M)`: a row a semitone from `LOWEST_PITCH` to `HIGHEST_PITCH`, of mean 0 and length 1,
        with a bump at each partial that shrinks with the square root of its number.
    """
    spacing = band_spacing(audio)
    width = max(PARTIAL_WIDTH, spacing)
    centers = hz_to_mel(audio.f_min) + spacing * np.arange(1, audio.n_mels + 1)
    combs = np.zeros((HIGHEST_PITCH - LOWEST_PITCH + 1, audio.n_mels))
    for row, pitch in enumerate(range(LOWEST_PITCH, HIGHEST_PITCH + 1)):
        for partial in range(1, COMB_PARTIALS + 1):
            hz = partial * 440.0 * 2 ** ((pitch - 69) / 12)
            if hz < audio.f_max:
                away = (centers - hz_to_mel(hz)) / width
                combs[row] += np.exp(-(away**2)) / np.sqrt(partial)
    combs -= combs.mean(axis=1, keepdims=True)
    combs /= np.linalg.norm(combs, axis=1, keepdims=True) + np.finfo(float).eps
    return torch.from_numpy(combs).float()


class PitchFront(nn.Module):
    """Pitch features of a mel, beside the mel itself.

    First the peaks: how far a band stands out of its neighbours, from which the coarse spectrum of
    the instrument has gone. Then how well the partials of each pitch fit the peaks; these harmonic
    combs are learned on from where `harmonic_combs` begins.
    """

    def __init__(self, audio: Audio) -> None:
        super().__init__()
        self.combs = nn.Parameter(harmonic_combs(audio))
        self.neighbours = max(1, round(PEAK_CONTEXT / band_spacing(audio)))
        self.channels = 2 * audio.n_mels + len(self.combs)

    def forward(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` -> `(B, 2 M + P, T)`."""
        bands = mel.transpose(1, 2)
        reach = self.neighbours
        padded = F.pad(bands, (reach, reach), mode="replicate")
        around = F.avg_pool1d(padded, 2 * reach + 1, stride=1)
        peaks = F.relu(mel - around.transpose(1, 2))
        fits = F.relu(self.combs @ peaks)
        return torch.cat([mel, peaks, fits], dim=1)


class ContentEncoder(nn.Module):
    """Mel -> a narrow code, one frame for four.

    Strided convolutions as in Cifka et al. 2021 (arXiv:2102.05749, section 3.1), dilated residual
    blocks instead of their 1x1 ones, and no batch statistics, so that a clip's code is its own.
    """

    def __init__(self, audio: Audio, config: AutoencoderConfig) -> None:
        super().__init__()
        width = config.channels
        self.front = PitchFront(audio) if config.pitch_front else None
        channels = audio.n_mels if self.front is None else self.front.channels
        self.down = nn.Sequential(
            nn.Conv1d(channels, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 4, stride=2, padding=1),
        )
        self.blocks = nn.Sequential(*(ResidualBlock(width, d) for d in config.encoder_dilations))
        self.out = nn.Conv1d(width, config.content_dim, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` -> `(B, D, T / 4)`."""
        features = mel if self.front is None else self.front(mel)
        code: Tensor = self.out(F.gelu(self.blocks(self.down(features))))
        return code


def patched(mel: Tensor) -> Tensor:
    """Patches of `STRIDE` frames, side by side: normalised mel `(B, M, T)` -> `(B, 4 M, T / 4)`."""
    batch, bands, frames = mel.shape
    count = frames // STRIDE
    whole = mel[..., : count * STRIDE].reshape(batch, bands, count, STRIDE)
    return whole.permute(0, 3, 1, 2).reshape(batch, STRIDE * bands, count)  # b m t s -> b (s m) t


class StyleEncoder(nn.Module):
    """Mel -> one vector that says how it sounds, not when, and what it is pooled from.

    Pooled by mean and standard deviation over time, or, as in the paper, by a GRU's last state.
    """

    def __init__(self, n_mels: int, config: AutoencoderConfig) -> None:
        super().__init__()
        width = config.style_channels
        self.down = nn.Sequential(
            nn.Conv1d(n_mels, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 3, padding=1),
            nn.GELU(),
        )
        self.keeps_patches = config.retrieval_heads > 0
        self.gru = nn.GRU(width, width, batch_first=True) if config.style_pooling == "gru" else None
        pooled = width if self.gru is not None else 2 * width
        self.out = nn.Sequential(
            nn.Linear(pooled, width), nn.GELU(), nn.Linear(width, config.style_dim)
        )

    def forward(self, mel: Tensor) -> Style:
        """Normalised mel, `(B, M, T')`."""
        h = self.down(mel)
        if self.gru is not None:
            pooled = self.gru(h.transpose(1, 2))[1][-1]
        else:
            pooled = torch.cat([h.mean(dim=2), h.std(dim=2, correction=0)], dim=1)
        return Style(self.out(pooled), (h,), patches=(patched(mel),) if self.keeps_patches else ())
