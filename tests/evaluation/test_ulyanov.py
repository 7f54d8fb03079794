"""Texture synthesis: the loss is the definition's, L-BFGS lowers it, and the sound is as long."""

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbre.evaluation.systems.ulyanov.config import UlyanovConfig
from timbre.evaluation.systems.ulyanov.system import (
    START_STD,
    System,
    log_spectrogram,
    minimize,
    objective,
    random_network,
)

torch.set_num_threads(1)

SETTINGS = UlyanovConfig(
    n_fft=2048, hop_length=512, filters=64, kernel=11, style_weight=10**-2.1, iterations=20,
    griffin_lim_iterations=8,
)  # fmt: skip
BINS = 1025


def chord(*hertz: float, seconds: float = 1.0) -> NDArray[np.float32]:
    """Three plucks of tones with eight partials."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    partials = [f * n for f in hertz for n in range(1, 9)]
    tone = sum(np.sin(2 * np.pi * f * time) * 200 / f for f in partials)
    return (0.02 * np.exp(-4 * (time % (seconds / 3))) * tone).astype(np.float32)


CONTENT, STYLE = chord(220, 277), chord(392, 660, seconds=1.5)


def spectrogram(sound: NDArray[np.float32]) -> Tensor:
    return log_spectrogram(torch.from_numpy(sound), SETTINGS)


def network(filters: int = 64) -> Tensor:
    settings = SETTINGS.model_copy(update={"filters": filters})
    return random_network(settings, torch.Generator().manual_seed(0))


def test_a_spectrogram_knows_no_level() -> None:
    assert torch.allclose(spectrogram(CONTENT), spectrogram(CONTENT * np.float32(0.125)), atol=1e-4)


def test_a_spectrogram_is_librosas() -> None:
    power = np.abs(librosa.stft(CONTENT)) ** 2
    expected = np.log1p(power / power.mean())
    assert spectrogram(CONTENT).numpy() == pytest.approx(expected, abs=1e-4)


def test_the_network_is_as_spread_as_the_reference_says() -> None:
    weights = network(256)
    assert weights.shape == (256, BINS, 11)
    deviation = np.sqrt(2) * np.sqrt(2 / ((BINS + 256) * 11))
    assert weights.std().item() == pytest.approx(deviation, rel=0.01)
    assert weights.mean().item() == pytest.approx(0, abs=deviation / 100)


def test_the_loss_is_that_of_the_gram_matrices() -> None:
    wanted, other = spectrogram(CONTENT).double(), spectrogram(STYLE).double()
    kernels = network().double()
    tried = wanted.flip(0) * 0.7

    def features(x: Tensor) -> Tensor:
        return torch.relu(torch.nn.functional.conv1d(x[None], kernels)[0])

    def gram(x: Tensor) -> Tensor:
        return 0.5 * features(x) @ features(x).T / features(x).shape[1]

    of_content = 0.5 * (features(tried) - features(wanted)).square().sum()
    of_style = 0.5 * (gram(tried) - gram(other)).square().sum()
    expected = of_content / 1.25 + of_style * 0.25 / 1.25
    assert objective(wanted, other, kernels, 0.25)(tried).item() == pytest.approx(expected.item())


def test_a_spectrogram_in_its_own_style_has_no_loss() -> None:
    content = spectrogram(CONTENT).double()
    loss = objective(content, content, network().double(), 1.0)
    assert loss(content).item() == pytest.approx(0, abs=1e-9)
    assert loss(content.flip(0)).item() > 1


def test_the_minimum_of_a_quadratic_is_found() -> None:
    scale, best = torch.tensor([1.0, 3.0, 10.0]), torch.tensor([0.5, -2.0, 4.0])
    start = torch.zeros(3)
    found = minimize(lambda x: (scale * (x - best).square()).sum(), start, 50)
    assert torch.allclose(found, best, atol=1e-4)
    assert not start.any()


def test_the_loss_ends_far_below_its_start() -> None:
    content, style = spectrogram(CONTENT), spectrogram(STYLE)
    loss = objective(content, style, network(), SETTINGS.style_weight)
    start = torch.randn(content.shape, generator=torch.Generator().manual_seed(0)) * START_STD
    assert loss(minimize(loss, start, 20)) < 0.1 * loss(start)


def test_a_greater_style_weight_brings_the_gram_nearer_to_the_styles() -> None:
    content, style = spectrogram(CONTENT), spectrogram(STYLE)
    start = torch.randn(content.shape, generator=torch.Generator().manual_seed(0)) * START_STD
    # at this weight the style's loss is almost all that there is
    judge = objective(content, style, network(), 1e6)
    light, heavy = (
        minimize(objective(content, style, network(), weight), start, 40)
        for weight in (1e-6, 100.0)
    )
    assert judge(heavy) < 0.7 * judge(light)


@pytest.fixture(scope="module")
def transfer() -> Callable[..., NDArray[np.float32]]:
    def run(seed: int = 0, **changes: float) -> NDArray[np.float32]:
        return System(SETTINGS.model_copy(update=changes))(CONTENT, STYLE, seed)

    return run


def test_the_same_seed_is_the_same_sound(transfer: Callable[..., NDArray[np.float32]]) -> None:
    first = transfer()
    torch.manual_seed(1)  # what others draw does not matter
    assert np.array_equal(transfer(), first)
    assert not np.array_equal(transfer(seed=1), first)


def test_without_style_weight_the_spectrogram_comes_back() -> None:
    content, style = spectrogram(CONTENT[:8000]), spectrogram(STYLE)
    # each frame in the middle is seen by more features than it has bins
    settings = SETTINGS.model_copy(update={"filters": 3072, "kernel": 1})
    generator = torch.Generator().manual_seed(0)
    weights = random_network(settings, generator)
    start = torch.randn(content.shape, generator=generator) * START_STD
    found = minimize(objective(content, style, weights, 1e-9), start, 60)
    assert (found - content).square().mean() < 0.01 * content.square().mean()


@pytest.mark.parametrize("length", [6000, 12_345])
def test_the_length_is_the_contents_and_so_is_the_level(length: int) -> None:
    content = CONTENT[:length]
    output = System(SETTINGS)(content, STYLE, 0)
    assert (output.shape, output.dtype) == (content.shape, np.float32)
    assert np.sqrt(np.mean(output**2)) == pytest.approx(np.sqrt(np.mean(content**2)), rel=1e-3)


def test_silence_in_either_is_silence() -> None:
    silence = np.zeros(16_000, np.float32)
    for pair in ((silence, STYLE), (CONTENT, silence), (silence, silence)):
        assert not System(SETTINGS)(*pair, 0).any()
