"""Conditional Glow: an exact density of the target's mel, given the notes and the timbre.

After Kingma and Dhariwal, NeurIPS 2018, arXiv:1807.03039. The representations of content and style
come from the trained autoencoder, which is frozen, and enter every affine coupling through Gated
Tanh Units, and the base density, whose mean and deviation they predict.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from timbre.core.params import Audio
from timbre.models.autoencoder import model as autoencoder
from timbre.models.blocks import ResidualBlock, over_time
from timbre.models.contract import Losses, TransferModel
from timbre.models.glow.config import FlowConfig
from timbre.models.glow.flow import ActNorm, AffineCoupling, InvertibleConv1x1, squeeze, unsqueeze
from timbre.models.style import Style

MAX_LOG_DEVIATION = 2.0  # bound of the base density's log deviation


class Level(nn.Module):
    """One scale of the flow: steps of ActNorm, 1x1 convolution and coupling, and its base density.

    Args:
        channels: of what flows through.
        leaving: how many of them leave here, the first ones; the rest goes on to the next level.
        config: of the flow.
    """

    def __init__(self, channels: int, leaving: int, config: FlowConfig) -> None:
        super().__init__()
        self.leaving = leaving
        self.layers = nn.ModuleList()
        for step in range(config.steps):
            self.layers.append(ActNorm(channels))
            self.layers.append(InvertibleConv1x1(channels))
            self.layers.append(AffineCoupling(channels, config, dilation=2 ** (step % 3)))
        self.base = nn.Conv1d(config.condition, 2 * leaving, 1)
        nn.init.zeros_(self.base.weight)
        assert self.base.bias is not None
        nn.init.zeros_(self.base.bias)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """`(B, C, T)` -> what goes on, `(B, C - leaving, T)`, and the `(B,)` log density so far."""
        log_prob = x.new_zeros(len(x))
        for layer in self.layers:
            x, log_det = layer(x, condition)
            log_prob = log_prob + log_det
        z, rest = x[:, : self.leaving], x[:, self.leaving :]
        mean, log_deviation = self._base(condition)
        normal = ((z - mean) * (-log_deviation).exp()) ** 2 + math.log(2 * math.pi)
        return rest, log_prob - (normal / 2 + log_deviation).sum(dim=(1, 2))

    def inverse(
        self, rest: Tensor, condition: Tensor, temperature: float, noise: Tensor | None = None
    ) -> Tensor:
        """Draw what left here, from the base density at `temperature`, and flow back.

        Args:
            rest: what went on to the next level, `(B, C - leaving, T)`.
            condition: `(B, H, T)`.
            temperature: of the base density.
            noise: standard normal, `(B, leaving, T)`; None draws it.
        """
        mean, log_deviation = self._base(condition)
        sample = torch.randn_like(mean) if noise is None else noise
        z = mean + temperature * log_deviation.exp() * sample
        x = torch.cat([z, rest], dim=1)
        for layer in reversed(self.layers):
            assert isinstance(layer, ActNorm | InvertibleConv1x1 | AffineCoupling)
            x = layer.inverse(x, condition)
        return x

    def _base(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_deviation = self.base(condition).chunk(2, dim=1)
        return mean, MAX_LOG_DEVIATION * torch.tanh(log_deviation / MAX_LOG_DEVIATION)


class Condition(nn.Module):
    """Content code, the decoder's mel and the style vector -> the condition of every level."""

    def __init__(self, n_mels: int, config: FlowConfig, base: autoencoder.Model) -> None:
        super().__init__()
        code, style = base.config.content_dim, base.config.style_dim
        self.enter = nn.Conv1d(2 * n_mels + code + style, config.condition, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualBlock(config.condition, d, style) for d in (1, 2))
        self.down = nn.ModuleList(
            nn.Conv1d(config.condition, config.condition, 4, stride=2, padding=1)
            for _ in range(config.levels - 1)
        )

    def forward(self, mel: Tensor, code: Tensor, style: Tensor) -> list[Tensor]:
        """`(B, M, T)`, `(B, D, T / 4)` and `(B, S)` -> `(B, H, T / 2)`, `(B, H, T / 4)`, ..."""
        frames = mel.shape[2] // 2
        parts = [squeeze(mel), code.repeat_interleave(2, dim=2), over_time(style, frames)]
        h = self.enter(torch.cat(parts, dim=1))
        for block in self.blocks:
            h = block(h, style)
        conditions = [h]
        for down in self.down:
            conditions.append(down(conditions[-1]))
        return conditions


class Model(TransferModel):
    """The flow over a frozen autoencoder.

    Args:
        config: of the flow.
        audio: the mel's settings.
        base: the trained autoencoder; its weights do not change.
    """

    supports_bf16 = False  # determinants need float32
    splits = ("train", "valid")
    extra_inputs = ("notes",)
    readouts = ("out", "base")
    draws = True

    def __init__(self, config: FlowConfig, audio: Audio, base: autoencoder.Model) -> None:
        super().__init__()
        self.config, self.audio = config, audio
        self.base = base.requires_grad_(False)
        self.condition = Condition(audio.n_mels, config, base)
        self.levels = nn.ModuleList()
        channels = audio.n_mels
        for level in range(config.levels):
            channels *= 2  # by the squeeze
            last = level == config.levels - 1
            self.levels.append(Level(channels, channels if last else channels // 2, config))
            channels //= 2

    def train(self, mode: bool = True) -> "Model":
        """Set the mode; the frozen part stays as it is used."""
        super().train(mode)
        self.base.eval()
        return self

    def style(self, clip: Tensor | Style) -> Style:
        """See the autoencoder's; to be fitted, nothing is drawn."""
        return self.base.fitted_style(
            clip,
            self.base.encode,
            lambda content, style: self.transfer(content, style, temperature=0.0),
        )

    def conditions(self, content: Tensor, style: Tensor | Style) -> tuple[Tensor, list[Tensor]]:
        """Output of the autoencoder, normalised `(B, M, T)`, and each level's condition."""
        base = self.base
        with torch.no_grad():
            code = base.encode(base.normalize(content))
            representation = style if isinstance(style, Style) else base.encode_style(style)
            guess = base.decoder(code, representation)
        return guess, self.condition(guess, code, representation.vector)

    def log_prob(self, mel: Tensor, conditions: list[Tensor]) -> Tensor:
        """Log density of a normalised mel (or of its residual): `(B, M, T)` -> `(B,)`, nats."""
        log_prob, x = mel.new_zeros(len(mel)), mel
        for level, condition in zip(self.levels, conditions, strict=True):
            x, part = level(squeeze(x), condition)
            log_prob = log_prob + part
        return log_prob

    def sample(
        self, conditions: list[Tensor], temperature: float, noise: Tensor | None = None
    ) -> Tensor:
        """Draw a normalised mel (or its residual) from the density: `(B, M, T)`.

        Args:
            conditions: of each level.
            temperature: of the base density.
            noise: standard normal, `(B, M, T)`, taken apart as a mel would be; None draws it.
        """
        last = conditions[-1]
        x = last.new_zeros(len(last), 0, last.shape[2])
        parts = [None] * len(self.levels) if noise is None else self._parts(noise)
        for level, condition, part in zip(
            reversed(self.levels), reversed(conditions), reversed(parts), strict=True
        ):
            assert isinstance(level, Level)
            x = unsqueeze(level.inverse(x, condition, temperature, part))
        return x

    def _parts(self, noise: Tensor) -> list[Tensor | None]:
        """What of `(B, M, T)` leaves at each level."""
        parts: list[Tensor | None] = []
        for level in self.levels:
            assert isinstance(level, Level)
            noise = squeeze(noise)
            parts.append(noise[:, : level.leaving])
            noise = noise[:, level.leaving :]
        return parts

    def forward(
        self, content: Tensor, style: Tensor, target: Tensor, notes: Tensor | None = None
    ) -> Losses:
        """Mels in dB -> `total`, nats a value of the mel with dither, and `bits_per_dim`.

        Negative is possible: the density of a continuous value can exceed 1. The notes have been
        learned by the autoencoder and are not looked at.
        """
        guess, conditions = self.conditions(content, style)
        mel = self.base.normalize(target)
        mel = mel + self.config.dither * torch.randn_like(mel)
        if self.config.residual:
            mel = mel - guess
        nll = -self.log_prob(mel, conditions).mean() / mel[0].numel()
        return {"total": nll, "bits_per_dim": nll.detach() / math.log(2)}

    def transfer(self, content: Tensor, style: Tensor | Style, **options: Any) -> Tensor:
        """The notes of `content` in the sound of `style`: mels in dB, `(B, M, T)`, T of content.

        What is drawn at a low temperature is near the mean of decibels, in which peaks are blurred
        and frames too soft. The autoencoder tells their power: the peaks are lifted to it.

        Args:
            content: `(B, M, T)`, T a multiple of 2 to the number of levels, and of 4.
            style: `(B, M, T')`, or what `style` makes of it.
            **options: `temperature` of the base density; 0 is its mean, None, as without it, the
                trained model's own setting. `noise`, see `sample`.
        """
        representation = self.style(style)
        guess, conditions = self.conditions(content, representation)
        temperature = options.get("temperature")
        if temperature is None:
            temperature = self.config.temperature
        mel = self.sample(conditions, temperature, options.get("noise"))
        output = mel + guess if self.config.residual else mel
        return self.base.finish(output, self.base.power(guess), representation)
