"""Texture synthesis with a random network: style as a Gram matrix. Nothing is learnt.

Ulyanov and Lebedev, "Audio texture synthesis and style transfer", 2016
(dmitryulyanov.github.io/audio-texture-synthesis-and-style-transfer), with the numbers of the
evaluation by Cifka et al. 2021 (arXiv:2102.05749) where it is a baseline.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio
from numpy.typing import NDArray
from torch import Tensor

from timbre.core.signal import at_level
from timbre.evaluation.systems.frames import Frames
from timbre.evaluation.systems.ulyanov.config import UlyanovConfig

START_STD = 1e-3  # standard deviation of the noise that is optimised
MAX_LOG = 40.0  # of the result, so that its exponential stays finite


class System:
    """Takes content and style, gives a sound with the content's features and the style's Gram.

    Args:
        settings: see there.
    """

    def __init__(self, settings: UlyanovConfig) -> None:
        torch.set_num_threads(1)  # one process a core
        self._settings = settings

    def __call__(
        self, content: NDArray[np.float32], style: NDArray[np.float32], seed: int
    ) -> NDArray[np.float32]:
        """Transfer.

        Args:
            content: `(L,)`, `(kernel - 1) * hop_length` samples at least, as for the style.
            style: `(S,)`, of any other length.
            seed: of the random network and of the noise at the start.

        Returns:
            `(L,)` at the content's RMS, or less where the peak would pass .99; silence if either
            is silent.
        """
        if not (content.any() and style.any()):
            return np.zeros(len(content), np.float32)
        generator = torch.Generator().manual_seed(seed)
        network = random_network(self._settings, generator)
        target, other = (
            log_spectrogram(torch.from_numpy(sound), self._settings) for sound in (content, style)
        )
        loss = objective(target, other, network, self._settings.style_weight)
        start = torch.randn(target.shape, generator=generator) * START_STD
        spectrogram = minimize(loss, start, self._settings.iterations)
        sound = self._invert(spectrogram, len(content)).double().numpy()
        level = 10 * np.log10(np.mean(content.astype(np.float64) ** 2))
        return at_level(sound, level).astype(np.float32)

    def _invert(self, spectrogram: Tensor, length: int) -> Tensor:
        """Sound `(length,)` of an unknown level, of what `log_spectrogram` gives, `(F, T)`."""
        magnitude = spectrogram.nan_to_num().clamp(0, MAX_LOG).expm1().sqrt()
        n_fft = self._settings.n_fft
        sound: Tensor = torchaudio.functional.griffinlim(
            magnitude,
            window=torch.hann_window(n_fft, device=magnitude.device),
            n_fft=n_fft,
            hop_length=self._settings.hop_length,
            win_length=n_fft,
            power=1.0,
            n_iter=self._settings.griffin_lim_iterations,
            momentum=0.99,
            length=length,
            rand_init=False,
        )
        return sound


def log_spectrogram(sound: Tensor, settings: Frames) -> Tensor:
    """`log(1 + P / mean(P))` of the power spectrogram P.

    Args:
        sound: `(L,)`, of any level.
        settings: of the transform.

    Returns:
        `(F, 1 + L // hop_length)`, F = n_fft // 2 + 1; frames centered, silence beyond the ends.
    """
    window = torch.hann_window(settings.n_fft, device=sound.device)
    spectrum = torch.stft(
        sound, settings.n_fft, settings.hop_length, window=window, pad_mode="constant",
        return_complex=True,
    )  # fmt: skip
    power = spectrum.abs().square()
    return torch.log1p(power / (power.mean() + torch.finfo(power.dtype).eps))


def random_network(settings: UlyanovConfig, generator: torch.Generator) -> Tensor:
    """Weights `(filters, F, kernel)` of the one convolution, over time, bins as channels.

    Normal with standard deviation `sqrt(2) sqrt(2 / ((F + filters) kernel))`.
    """
    bins = settings.n_fft // 2 + 1
    deviation = 2 / math.sqrt((bins + settings.filters) * settings.kernel)
    shape = (settings.filters, bins, settings.kernel)
    return torch.randn(shape, generator=generator) * deviation


def objective(
    content: Tensor, style: Tensor, network: Tensor, style_weight: float
) -> Callable[[Tensor], Tensor]:
    """The loss of a spectrogram.

    With features `X = relu(network * spectrogram)`, `(filters, T)`, and `G = X X^T / 2T`: half the
    squared distance of X to the content's X, and half that of G to the style's G, weighted 1 to
    `style_weight` and scaled so that the weights sum to 1.

    The Gram matrices are as large as the filters squared, so they are not formed:
    `<A A^T, B B^T> = |A^T B|^2` needs only frames by frames.

    Args:
        content: `(F, T)`, as `log_spectrogram` gives it.
        style: `(F, S)`.
        network: as `random_network` gives it.
        style_weight: against the content's 1.

    Returns:
        `(F, T)` -> the loss.
    """

    def features(spectrogram: Tensor) -> Tensor:
        return F.relu(F.conv1d(spectrogram[None], network)[0])

    def inner(first: Tensor, second: Tensor) -> Tensor:
        """`<G1, G2>` of the Gram matrices of two `(filters, T)`."""
        frames = first.shape[1] * second.shape[1]
        return (first.T @ second).square().sum() / (4 * frames)

    content_features, style_features = features(content), features(style)
    style_norm = inner(style_features, style_features)

    def loss(spectrogram: Tensor) -> Tensor:
        output = features(spectrogram)
        of_content = 0.5 * (output - content_features).square().sum()
        of_style = 0.5 * (inner(output, output) - 2 * inner(output, style_features) + style_norm)
        return (of_content + style_weight * of_style) / (1 + style_weight)

    return loss


def minimize(loss: Callable[[Tensor], Tensor], start: Tensor, iterations: int) -> Tensor:
    """L-BFGS with step 1 and no line search, as the reference has it.

    Args:
        loss: of a tensor shaped as `start`.
        start: where to begin; it stays as it is.
        iterations: at most; it ends early where nothing changes any more.

    Returns:
        Where it ended.
    """
    estimate = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([estimate], lr=1, max_iter=iterations, tolerance_grad=1e-5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(estimate)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return estimate.detach()
