"""Building blocks that the encoders, the decoder and the flow share."""

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Dilated residual convolution, told the style by FiLM where there is one.

    FiLM (Perez et al., AAAI 2018, arXiv:1709.07871, eq. 1-2) scales and shifts the normalised
    channels: `h <- (1 + a(style)) h + b(style)`.

    Args:
        channels: a multiple of 8.
        dilation: of the convolution of 3 frames.
        style_dim: 0 for a block without style.
    """

    def __init__(self, channels: int, dilation: int, style_dim: int = 0) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.film = nn.Linear(style_dim, 2 * channels) if style_dim else None
        self.spread = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        """`(B, C, T)` and `(B, S)` -> `(B, C, T)`."""
        h: Tensor = self.norm(x)
        if self.film is not None:
            assert style is not None
            scale, shift = self.film(style)[..., None].chunk(2, dim=1)
            h = h * (1 + scale) + shift
        change: Tensor = self.mix(F.gelu(self.spread(F.gelu(h))))
        return x + change


def over_time(vector: Tensor, frames: int) -> Tensor:
    """`(B, C)` -> `(B, C, frames)`, the same at every frame."""
    return vector[..., None].expand(-1, -1, frames)


def normalize_channels(x: Tensor) -> Tensor:
    """Zero mean and unit variance over the channels of each frame: `(B, C, T)`."""
    return F.layer_norm(x.transpose(1, 2), x.shape[1:2]).transpose(1, 2)


def parameter_count(module: nn.Module) -> int:
    """Number of parameters that `module` learned."""
    return sum(p.numel() for p in module.parameters())
