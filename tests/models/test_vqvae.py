"""The two VQ-VAEs: one put into a trained autoencoder, one trained from nothing."""

import numpy as np
import pytest
import torch

from tests import tiny
from timbre.models import checkpoint
from timbre.models.vqvae import model as vqvae

NAMES = ("vqvae", "vqvae_self")


def build(name: str) -> vqvae.Model:
    model = tiny.build(name)
    assert isinstance(model, vqvae.Model)
    return model


@pytest.mark.parametrize("name", NAMES)
def test_the_total_is_reconstruction_and_commitment(name: str) -> None:
    losses = build(name)(*tiny.mels(2))
    assert losses.keys() == {"total", "reconstruction", "commitment", "perplexity"}
    torch.testing.assert_close(losses["total"], losses["reconstruction"] + losses["commitment"])


@torch.no_grad()
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [16, 20, 32])
def test_the_output_is_as_long_as_the_content(name: str, frames: int) -> None:
    model, (content, style, _) = build(name).eval(), tiny.mels(2)
    content = content[..., :frames]
    assert model.transfer(content, style).shape == content.shape


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_learned(name: str) -> None:
    losses = tiny.overfit(build(name), tiny.mels(8), steps=30)
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_reaches_every_weight(name: str) -> None:
    model = build(name)
    tiny.randomize(model, scale=0.05)  # attention begins as the identity
    notes = torch.from_numpy(np.unpackbits(tiny.notes(tiny.codes(2)), axis=1))
    model(*tiny.mels(2), notes)["total"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_the_timbre_comes_from_the_style() -> None:
    model, (content, style, target) = build("vqvae"), tiny.mels(8)
    tiny.overfit(model, (content, style, target), steps=100)
    model.eval()
    right, wrong = (model(content, s, target)["total"] for s in (style, style.roll(1, 0)))
    assert wrong > 1.2 * right


def test_it_begins_where_the_autoencoder_ended() -> None:
    base = tiny.build("autoencoder")
    model = checkpoint.build("vqvae", tiny.settings("vqvae").network, tiny.AUDIO, base)
    assert tiny.same_state(model.base, tiny.build("autoencoder"))
    assert all(parameter.requires_grad for parameter in model.base.parameters())


@torch.no_grad()
def test_the_code_is_quantized_without_noise() -> None:
    model, (content, style, target) = build("vqvae"), tiny.mels(2)
    model(content, style, target)  # begins the codebook
    model.quantizer.eval()
    first, second = (model(content, style, target)["total"] for _ in range(2))
    assert torch.equal(first, second)


def test_the_paper_s_own_training_is_built_from_its_description() -> None:
    model = build("vqvae_self")
    again = checkpoint.rebuild(model.description)
    assert type(again) is type(model)
    assert again.description == model.description
    again.load_state_dict(model.state_dict())
    assert tiny.same_state(again, model)
