"""Style fitting: what an encoder missed of a sound is found by making its clip again.

An encoder hears a timbre that it never met as the nearest one it knows. But the clip tells more:
given its own notes and its own style, a model must make the clip itself. So the style is moved by
gradient descent until it does so better, and what is then still missing, on the whole, is kept as
an equaliser. As the code of the notes carries no timbre, what is learned holds for other notes.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from timbre.audio.mel import band_spacing
from timbre.core.params import Audio
from timbre.models.autoencoder.power import frame_power
from timbre.models.style import Style

MIN_SQUARED_ERROR = 1e-4  # of a squared error, 0.2 dB: a root has no gradient at 0
RANGE_DB = 30.0  # dB below the usual level: softer frames tell little, and are left alone
SOFTNESS_DB = 3.0  # dB over which that sets in
BETAS, EPSILON = (0.9, 0.999), 1e-8  # of Adam
SMOOTHING_WIDTH = 0.35  # Slaney's mel to each side, that an equaliser is smoothed over


def spectral_distance(output: Tensor, target: Tensor) -> Tensor:
    """The log-spectral distance as it is measured: mels `(B, M, T)` -> their mean, in their unit.

    See `timbre.evaluation.metrics.distances.lsd`: root mean square over time, mean over bands.
    """
    return ((output - target).float().square().mean(dim=2) + MIN_SQUARED_ERROR).sqrt().mean()


def fit_style(
    start: Style, make: Callable[[Style], Tensor], clip: Tensor, steps: int, rate: float
) -> Style:
    """Move a style until what is made of it is nearer to the clip.

    Args:
        start: as the encoder hears the clip, of one recording.
        make: a style -> normalised mel `(B, M, T)`, of the clip's own notes.
        clip: normalised mel, `(B, M, T)`.
        steps: of Adam, few: what is found fast is what was missed, not this clip's chance.
        rate: at which it learns.

    Returns:
        The style, of the same shapes, without gradient.
    """
    free = [part.clone().requires_grad_() for part in (start.vector, *start.frames)]
    moments = [(torch.zeros_like(part), torch.zeros_like(part)) for part in free]
    for step in range(1, steps + 1):
        with torch.enable_grad():
            output = make(start._replace(vector=free[0], frames=tuple(free[1:])))
            loss = (output - clip).abs().mean() + spectral_distance(output, clip)
            gradients = torch.autograd.grad(loss, free)
        with torch.no_grad():
            for part, gradient, (first, second) in zip(free, gradients, moments, strict=True):
                descend(part, gradient, first, second, step, rate)
    vector, *frames = (part.detach() for part in free)
    return start._replace(vector=vector, frames=tuple(frames))


def descend(
    part: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, rate: float
) -> None:
    """A step of Adam, in place: Kingma and Ba, ICLR 2015, arXiv:1412.6980, algorithm 1.

    PyTorch's own loads its compiler when it is made, which takes longer than all of the fitting.

    Args:
        part: what is learned.
        gradient: of the loss by it.
        first: the moving average of gradients, 0 before the first step.
        second: that of their squares.
        step: from 1 on.
        rate: at which it learns.
    """
    first.lerp_(gradient, 1 - BETAS[0])
    second.lerp_(gradient**2, 1 - BETAS[1])
    deviation = (second / (1 - BETAS[1] ** step)).sqrt() + EPSILON
    part.sub_(rate / (1 - BETAS[0] ** step) * first / deviation)


def residual_gain(output: Tensor, clip: Tensor, audio: Audio) -> Tensor:
    """Residual gain of a clip over what was made of it, where something sounds: `(B, M, 1)`, dB.

    Args:
        output: mel in dB, `(B, M, T)`.
        clip: mel in dB, `(B, M, T)`.
        audio: the mel's settings.
    """
    sounding = presence(clip, audio)
    gain = ((clip - output) * sounding).sum(dim=2) / (sounding.sum(dim=2) + 1)
    reach = max(1, round(SMOOTHING_WIDTH / band_spacing(audio)))
    padded = F.pad(gain[:, None], (reach, reach), mode="replicate")
    return F.avg_pool1d(padded, 2 * reach + 1, stride=1).transpose(1, 2)


def equalized(mel: Tensor, gain: Tensor, audio: Audio) -> Tensor:
    """A mel in dB with a gain where something sounds: `(B, M, T)` and `(B, M, 1)`."""
    return (mel + gain * presence(mel, audio)).clamp(min=audio.db_min)


def presence(mel: Tensor, audio: Audio) -> Tensor:
    """Whether something sounds, 0 to 1: mel at the usual level, `(B, M, T)` -> `(B, 1, T)`."""
    return torch.sigmoid((frame_power(mel) - audio.level_db + RANGE_DB) / SOFTNESS_DB)
