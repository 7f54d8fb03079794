"""The conditional Glow: an exact density, and draws from that density."""

import math

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.distributions import Normal

from tests import tiny
from timbre.models import checkpoint
from timbre.models.autoencoder.power import frame_power
from timbre.models.glow import model as glow
from timbre.models.glow.flow import squeeze


def build(**network: object) -> glow.Model:
    """A model with nothing left at its beginning, in double precision, for use."""
    model = tiny.build("glow", **network)
    assert isinstance(model, glow.Model)
    model(*tiny.mels(4))  # begins ActNorm
    tiny.randomize(model, scale=0.05)
    return model.double().eval()


def inputs(count: int, frames: int = tiny.FRAMES, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    content, style, target = (mel.double() for mel in tiny.mels(count, seed))
    return content[..., :frames], style, target[..., :frames]


def noise(model: glow.Model, mel: Tensor, conditions: list[Tensor]) -> list[Tensor]:
    """Where `mel` lies in the base density, in deviations from its mean, level by level."""
    x, found = mel, []
    for level, condition in zip(model.levels, conditions, strict=True):
        x = squeeze(x)
        for layer in level.layers:
            x, _ = layer(x, condition)
        mean, log_deviation = level._base(condition)
        found.append((x[:, : level.leaving] - mean) / log_deviation.exp())
        x = x[:, level.leaving :]
    return found


@torch.no_grad()
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_flow_finds_the_noise_that_a_sample_was_made_of(levels: int) -> None:
    model = build(levels=levels)
    _, conditions = model.conditions(*inputs(2)[:2])
    torch.manual_seed(3)
    sample = model.sample(conditions, temperature=1.0)
    found = noise(model, sample, conditions)
    torch.manual_seed(3)
    for part in reversed(found):
        torch.testing.assert_close(part, torch.randn_like(part))


@torch.no_grad()
def test_sampling_is_inverted_in_single_precision_too() -> None:
    model = build(levels=3).float()
    _, conditions = model.conditions(*(mel.float() for mel in inputs(2)[:2]))
    torch.manual_seed(3)
    found = noise(model, model.sample(conditions, temperature=1.0), conditions)
    torch.manual_seed(3)
    for part in reversed(found):
        torch.testing.assert_close(part, torch.randn_like(part), atol=2e-3, rtol=0)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_log_density_is_exact(levels: int) -> None:
    model, (content, style, target) = build(levels=levels), inputs(1, frames=8)
    guess, conditions = model.conditions(content, style)
    conditions = [condition.detach() for condition in conditions]
    mel = model.base.normalize(target) - guess

    def flow(given: Tensor) -> Tensor:
        return torch.cat([part.flatten() for part in noise(model, given, conditions)])

    matrix = jacobian(flow, mel).reshape(mel.numel(), mel.numel())
    expected = Normal(0, 1).log_prob(flow(mel)).sum() + torch.linalg.slogdet(matrix).logabsdet
    torch.testing.assert_close(model.log_prob(mel, conditions), expected[None])


def test_the_loss_is_nats_a_value_and_tells_bits() -> None:
    losses = build()(*inputs(4))
    assert losses["total"].isfinite()
    torch.testing.assert_close(losses["bits_per_dim"] * math.log(2), losses["total"])


@torch.no_grad()
@pytest.mark.parametrize("residual", [True, False])
def test_the_output_is_as_long_as_the_content(residual: bool) -> None:
    content, style, _ = inputs(2, frames=24)
    assert build(residual=residual).transfer(content, style).shape == content.shape


@torch.no_grad()
def test_the_residual_is_added_to_the_guess_of_the_autoencoder() -> None:
    content, style, _ = inputs(2)
    added, alone = (build(residual=residual) for residual in (True, False))
    alone.load_state_dict(added.state_dict())
    guess = added.conditions(content, style)[0] * tiny.AUDIO.db_std
    difference = added.transfer(content, style, temperature=0.0) - alone.transfer(
        content, style, temperature=0.0
    )
    torch.testing.assert_close(difference, guess.float(), atol=1e-3, rtol=1e-4)


@torch.no_grad()
def test_temperature_zero_leaves_nothing_to_chance() -> None:
    model, (content, style, _) = build(), inputs(2)
    cold, again = (model.transfer(content, style, temperature=0.0) for _ in range(2))
    warm, other = (model.transfer(content, style, temperature=1.0) for _ in range(2))
    assert torch.equal(cold, again)
    assert not torch.allclose(warm, other)


@torch.no_grad()
def test_the_temperature_is_the_trained_one_unless_given() -> None:
    content, style, _ = inputs(2)
    model = build(temperature=0.0)
    assert torch.equal(
        model.transfer(content, style), model.transfer(content, style, temperature=0.0)
    )


@torch.no_grad()
@pytest.mark.parametrize("temperature", [0.05, 0.1])
def test_frames_get_the_power_that_the_autoencoder_tells(temperature: float) -> None:
    content, style, _ = tiny.mels(2)
    off = []
    for width in (0.0, 10.0):
        base = tiny.build("autoencoder", peaks_db=width).eval()
        model = checkpoint.build("glow", tiny.settings("glow").network, tiny.AUDIO, base).eval()
        assert isinstance(model, glow.Model)
        guess, _ = model.conditions(content, style)
        torch.manual_seed(0)
        made = model.transfer(content, style, temperature=temperature)
        off.append((frame_power(made) - model.base.power(guess)).abs().max())
    assert off[0] > 0.1  # dB
    assert off[1] < 0.02


@torch.no_grad()
def test_another_style_changes_the_output() -> None:
    model, (content, style, _) = build(), inputs(2)
    right, wrong = (
        model.transfer(content, heard, temperature=0.0) for heard in (style, style.flip(0))
    )
    assert not torch.allclose(right, wrong, atol=1e-3)


def test_the_frozen_autoencoder_is_not_trained() -> None:
    model = tiny.build("glow").train()
    model(*tiny.mels(4))["total"].backward()
    assert not any(module.training for module in model.base.modules())
    assert all(parameter.grad is None for parameter in model.base.parameters())
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_a_tiny_data_set_is_learned() -> None:
    model = tiny.build("glow")
    losses = tiny.overfit(model, tiny.mels(8), steps=30)
    assert losses[-1] < losses[0] - 0.2
