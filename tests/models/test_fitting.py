"""A style fitted to its clip: it makes the clip better, and what is left is an equaliser."""

import pytest
import torch
from torch import Tensor

from tests import tiny
from timbre.models.autoencoder import model as autoencoder
from timbre.models.autoencoder import style_fitting
from timbre.models.glow import model as glow
from timbre.models.style import blend
from timbre.models.vqvae import model as vqvae

AUDIO = tiny.AUDIO
NAMES = ["autoencoder", "vqvae", "glow"]
Model = autoencoder.Model | vqvae.Model | glow.Model


def build(name: str, steps: int) -> Model:
    model = tiny.build(name).eval()
    assert isinstance(model, Model)
    tiny.randomize(model, scale=0.05)
    base = model if isinstance(model, autoencoder.Model) else model.base
    base.config = base.config.model_copy(update={"fitting_steps": steps, "fitting_rate": 0.05})
    return model


def distance(made: Tensor, clip: Tensor) -> float:
    return style_fitting.spectral_distance(made, clip).item()


@torch.no_grad()
@pytest.mark.parametrize("name", NAMES)
def test_a_fitted_style_makes_its_clip_better(name: str) -> None:
    clip = tiny.mels(2)[1]
    plain, fitted = (build(name, steps) for steps in (0, 20))
    far = distance(plain.transfer(clip, plain.style(clip)), clip)
    near = distance(fitted.transfer(clip, fitted.style(clip)), clip)
    assert near < 0.95 * far


def test_steps_are_those_of_adam() -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(5), torch.zeros(5, requires_grad=True)
    theirs.data.copy_(ours)
    optimizer = torch.optim.Adam([theirs], lr=0.05)
    first, second = torch.zeros(5), torch.zeros(5)
    for step in range(1, 20):
        gradient = torch.randn(5)
        theirs.grad = gradient.clone()
        optimizer.step()
        style_fitting.descend(ours, gradient, first, second, step, 0.05)
        torch.testing.assert_close(ours, theirs.detach())


@pytest.mark.parametrize("name", NAMES)
def test_fitting_leaves_the_model_as_it_was(name: str) -> None:
    model = build(name, 3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.style(tiny.mels(2)[1])
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    assert all(p.grad is None for p in model.parameters())


def test_fitting_is_the_same_in_every_mode() -> None:
    model, clip = build("vqvae", 3), tiny.mels(2)[1]
    found = [model.style(clip)]
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            found.append(model.style(clip.clone()))
    for other in found[1:]:
        torch.testing.assert_close(other.vector, found[0].vector)
        torch.testing.assert_close(other.equalizer, found[0].equalizer)


@torch.no_grad()
def test_a_style_that_was_fitted_is_not_fitted_again() -> None:
    model, (content, clip, _) = build("vqvae", 3), tiny.mels(2)
    torch.testing.assert_close(
        model.transfer(content, model.style(clip)), model.transfer(content, clip)
    )


@torch.no_grad()
def test_training_hears_styles_as_they_are() -> None:
    content, clip, target = tiny.mels(2)
    fitted, plain = (build("autoencoder", steps)(content, clip, target) for steps in (5, 0))
    assert fitted["total"] == plain["total"]


def test_what_is_missing_is_told_where_something_sounds() -> None:
    clip = torch.full((1, AUDIO.n_mels, 40), AUDIO.db_min)
    clip[..., :20] = -40.0
    made = clip.clone()
    made[..., :20] -= 6
    gain = style_fitting.residual_gain(made, clip, AUDIO)
    torch.testing.assert_close(gain, torch.full_like(gain, 6.0), atol=0.4, rtol=0)
    mended = style_fitting.equalized(made, gain, AUDIO)
    torch.testing.assert_close(mended[..., :20], clip[..., :20], atol=0.5, rtol=0)
    torch.testing.assert_close(mended[..., 20:], clip[..., 20:], atol=0.1, rtol=0)


def test_nothing_is_missing_of_silence() -> None:
    silent = torch.full((1, AUDIO.n_mels, 40), AUDIO.db_min)
    assert style_fitting.residual_gain(silent - 6, silent, AUDIO).abs().max() < 0.1


@torch.no_grad()
def test_equalisers_are_mixed_as_styles_are() -> None:
    model, (_, one, other) = build("autoencoder", 2), tiny.mels(2)
    styles = [model.style(clip) for clip in (one, other)]
    gains = [style.equalizer for style in styles]
    assert gains[0] is not None
    assert gains[1] is not None
    torch.testing.assert_close(
        blend(styles, [0.25, 0.75]).equalizer, 0.25 * gains[0] + 0.75 * gains[1]
    )
