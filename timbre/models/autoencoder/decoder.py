"""Decoder: a code of notes and a style -> a mel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.models.autoencoder.config import AutoencoderConfig
from timbre.models.autoencoder.encoders import STRIDE
from timbre.models.blocks import ResidualBlock, normalize_channels, over_time
from timbre.models.style import Style

KEY_WIDTH = 32  # channels by which a retrieval head compares


class StyleAttention(nn.Module):
    """Lets each frame of content look up what the style clip sounds like in such a moment.

    Scaled dot-product attention (Vaswani et al., NeurIPS 2017, arXiv:1706.03762, section 3.2)
    without positions: when something sounds in the style clip tells nothing. One vector cannot say
    how a timbre differs by register. Begins as the identity.

    Args:
        channels: of the content, a multiple of `heads`.
        style_channels: of the style's frames.
        heads: that look side by side.
    """

    def __init__(self, channels: int, style_channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, style_channels)
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(style_channels, channels, 1)
        self.value = nn.Conv1d(style_channels, channels, 1)
        self.out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, h: Tensor, style: Style) -> Tensor:
        """`(B, C, T)` and a style of T' frames -> `(B, C, T)`."""
        frames = torch.cat([self.norm(clip) for clip in style.frames], dim=2)
        query, key, value = (
            x.unflatten(1, (self.heads, -1)).transpose(2, 3)  # b (h d) t -> b h t d
            for x in (self.query(normalize_channels(h)), self.key(frames), self.value(frames))
        )
        bias = None if style.bias is None else style.bias[:, None, None].to(query.dtype)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        change: Tensor = self.out(attended.transpose(2, 3).flatten(1, 2))
        return h + change


class FrameRetrieval(nn.Module):
    """Fetches the style clip's own mel frames, by attention, as a draft of what is to be made.

    An encoder's features say what a sound is like; its frames say it in full. Keys are the style
    encoder's features of four frames, values the mel of these four, so each head fetches a mel of
    the clip for each moment of the content. How much of it is used is learned.

    Args:
        n_mels: bands.
        channels: of the content, and of what is returned.
        style_channels: of the style's frames.
        heads: mels that are fetched side by side.
    """

    def __init__(self, n_mels: int, channels: int, style_channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, style_channels)
        self.query = nn.Conv1d(channels, heads * KEY_WIDTH, 1)
        self.key = nn.Conv1d(style_channels, heads * KEY_WIDTH, 1)
        self.enter = nn.Linear(heads * n_mels, channels)

    def forward(self, h: Tensor, style: Style) -> Tensor:
        """Features of the content `(B, C, T)` and a style of T' frames -> `(B, C, 4 T)`."""
        frames = torch.cat([self.norm(clip) for clip in style.frames], dim=2)
        query = self.query(normalize_channels(h)).unflatten(1, (self.heads, KEY_WIDTH))  # b h k t
        key = self.key(frames).unflatten(1, (self.heads, KEY_WIDTH))  # b h k t'
        logits = (query.transpose(2, 3) @ key).float() / KEY_WIDTH**0.5
        if style.bias is not None:
            logits = logits + style.bias[:, None, None]
        patches = torch.cat(style.patches, dim=2).transpose(1, 2)  # b t' (s m)
        weights = logits.softmax(dim=3).to(patches.dtype)
        batch, heads, count, _ = weights.shape
        # all heads look among the same patches: one product for all, which is a third faster
        retrieved = weights.flatten(1, 2) @ patches  # b (h t) (s m)
        mels = retrieved.reshape(batch, heads, count * STRIDE, -1).transpose(1, 2)  # b (t s) h m
        draft: Tensor = self.enter(mels.flatten(2))
        return draft.transpose(1, 2)


class Decoder(nn.Module):
    """Content code and style vector -> mel: dilated residual blocks with FiLM, upsampled by 4."""

    def __init__(self, n_mels: int, config: AutoencoderConfig) -> None:
        super().__init__()
        width, style = config.channels, config.style_dim
        self.enter = nn.Conv1d(config.content_dim + style, width, 3, padding=1)
        self.attention = None
        if config.style_heads:
            self.attention = StyleAttention(width, config.style_channels, config.style_heads)
        self.blocks = nn.ModuleList(
            ResidualBlock(width, d, style) for d in config.decoder_dilations
        )
        self.up1 = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        self.between = ResidualBlock(width, 1, style)
        self.up2 = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        self.retrieval = None
        if config.retrieval_heads:
            self.retrieval = FrameRetrieval(
                n_mels, width, config.style_channels, config.retrieval_heads
            )
        self.fine = nn.ModuleList(ResidualBlock(width, d, style) for d in config.fine_dilations)
        self.out = nn.Conv1d(width, n_mels, 5, padding=2)

    def forward(self, code: Tensor, style: Style) -> Tensor:
        """`(B, D, T)` -> `(B, M, 4 T)`."""
        vector = style.vector
        h = self.enter(torch.cat([code, over_time(vector, code.shape[2])], dim=1))
        for number, block in enumerate(self.blocks):
            h = block(h, vector)
            if number == 0 and self.attention is not None:
                h = self.attention(h, style)
        draft = None if self.retrieval is None else self.retrieval(h, style)
        h = self.between(F.gelu(self.up1(h)), vector)
        h = F.gelu(self.up2(h))
        if draft is not None:
            h = h + draft
        for block in self.fine:
            h = block(h, vector)
        mel: Tensor = self.out(h)
        return mel
