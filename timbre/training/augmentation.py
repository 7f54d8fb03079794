"""Augmentation of mels by what may happen on the way to a microphone, for more timbres."""

import torch
import torch.nn.functional as F
from torch import Tensor

from timbre.audio.mel import band_spacing
from timbre.core.optimization import Augmentation
from timbre.core.params import Audio

KNOT_SPACING = 6.3  # Slaney's mel between the knots of an equalizer, about
TILT_DB = 20.0  # of a noise's spectrum from the lowest to the highest band, at most

Views = tuple[Tensor, Tensor, Tensor]


def augment(
    content: Tensor, style: Tensor, target: Tensor, settings: Augmentation, audio: Audio
) -> Views:
    """Equalise, shift in level and add noise, all by chance and alike over time.

    Style and target share an equalizer, as they share a timbre, and the content has another.
    Content and target share a level, so that dynamics belong to the notes, and the style has
    another. Noise is added to content and style alone: it belongs to neither notes nor timbre.

    Args:
        content: mel in dB, `(B, M, T)`.
        style: mel in dB, `(B, M, T')`.
        target: mel in dB, `(B, M, T)`.
        settings: how far to go.
        audio: the mel's settings.

    Returns:
        The three; equal ones where all settings are 0.
    """
    gains = [_equalizer(target, settings.equalizer_db, audio) for _ in range(2)]
    levels = [_level(target, settings.level_db) for _ in range(2)]
    content = _amplified(content, gains[0] + levels[0], audio)
    style = _amplified(style, gains[1] + levels[1], audio)
    target = _amplified(target, gains[1] + levels[0], audio)
    if settings.noise:
        content, style = (_noisy(mel, settings, audio) for mel in (content, style))
    return content, style, target


def _equalizer(like: Tensor, deviation: float, audio: Audio) -> Tensor:
    """Gains in dB, smooth over frequency, mild for most: `(B, M, 1)`."""
    batch, bands = like.shape[:2]
    strength = deviation * torch.rand(batch, 1, 1, device=like.device)
    span = (audio.n_mels - 1) * band_spacing(audio)
    count = 1 + max(1, round(span / KNOT_SPACING))
    knots = strength * torch.randn(batch, 1, count, device=like.device)
    gains = F.interpolate(knots, bands, mode="linear", align_corners=True)
    return gains.transpose(1, 2)


def _level(like: Tensor, reach: float) -> Tensor:
    """A gain in dB: `(B, 1, 1)`."""
    return reach * (2 * torch.rand(len(like), 1, 1, device=like.device) - 1)


def _amplified(mel: Tensor, gain: Tensor, audio: Audio) -> Tensor:
    """A mel with gains in dB; silence stays silent."""
    silent = mel < audio.db_min + audio.db_step / 2
    return torch.where(silent, mel, (mel + gain).clamp(min=audio.db_min))


def _noisy(mel: Tensor, settings: Augmentation, audio: Audio) -> Tensor:
    """Stationary noise of any level up to `noise_db` a band, in some of the clips."""
    shape, device = (len(mel), 1, 1), mel.device
    level = audio.db_min + (settings.noise_db - audio.db_min) * torch.rand(shape, device=device)
    slope = torch.linspace(0.5, -0.5, mel.shape[1], device=device)[:, None]
    level = level + TILT_DB * torch.rand(shape, device=device) * slope
    # the power of noise in one band and frame is distributed about so
    power = torch.rand_like(mel).clamp(min=1e-6).log().neg().clamp(min=1e-3)
    noise = (level + 10 * power.log10()).clamp(min=audio.db_min)
    mask = torch.rand(shape, device=device) < settings.noise
    scale = torch.log(torch.tensor(10.0)) / 10  # dB to the natural logarithm of power
    both = torch.logaddexp(mel * scale, noise * scale) / scale
    return torch.where(mask, both, mel)
