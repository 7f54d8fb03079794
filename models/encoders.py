"""What is played and how it sounds, told apart: content encoder and style encoder."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import ResidualBlock
from models.params import Autoencoder

STRIDE = 4  # frames of mel to a frame of content


class ContentEncoder(nn.Module):
    """Mel -> a narrow code, one frame for four.

    Strided convolutions as in Cifka et al. 2021 (arXiv:2102.05749, section 3.1), dilated residual
    blocks instead of their 1x1 ones, and no batch statistics, so that a clip's code is its own.
    """

    def __init__(self, n_mels: int, config: Autoencoder) -> None:
        super().__init__()
        width = config.channels
        self.down = nn.Sequential(
            nn.Conv1d(n_mels, width, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 4, stride=2, padding=1),
        )
        self.blocks = nn.Sequential(*(ResidualBlock(width, d) for d in config.encoder_dilations))
        self.out = nn.Conv1d(width, config.content_dim, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` -> `(B, D, T / 4)`."""
        code: Tensor = self.out(F.gelu(self.blocks(self.down(mel))))
        return code


class StyleEncoder(nn.Module):
    """Mel -> one vector that says how it sounds, not when.

    Pooled by mean and standard deviation over time, or, as in the paper, by a GRU's last state.
    """

    def __init__(self, n_mels: int, config: Autoencoder) -> None:
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
        self.gru = nn.GRU(width, width, batch_first=True) if config.style_pooling == "gru" else None
        pooled = width if self.gru is not None else 2 * width
        self.out = nn.Sequential(
            nn.Linear(pooled, width), nn.GELU(), nn.Linear(width, config.style_dim)
        )

    def forward(self, mel: Tensor) -> Tensor:
        """`(B, M, T)` -> `(B, S)`."""
        h = self.down(mel)
        if self.gru is not None:
            pooled = self.gru(h.transpose(1, 2))[1][-1]
        else:
            pooled = torch.cat([h.mean(dim=2), h.std(dim=2, correction=0)], dim=1)
        vector: Tensor = self.out(pooled)
        return vector
