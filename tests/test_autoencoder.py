"""The autoencoder: shapes, noise, and that it learns notes from content, timbre from style."""

import pytest
import torch

from models import autoencoder
from tests import tiny


def build(**network: object) -> autoencoder.Model:
    model = tiny.build("autoencoder", **network)
    assert isinstance(model, autoencoder.Model)
    return model


def test_the_total_is_the_sum_of_the_terms() -> None:
    losses = build()(*tiny.mels(2))
    total = losses.pop("total")
    assert total.shape == ()
    torch.testing.assert_close(total, torch.stack(list(losses.values())).sum())


def test_normalizing_is_inverted() -> None:
    model, (mel, _, _) = build(), tiny.mels(2)
    torch.testing.assert_close(model.denormalize(model.normalize(mel)), mel)


@torch.no_grad()
@pytest.mark.parametrize("pooling", ["statistics", "gru"])
@pytest.mark.parametrize("frames", [16, 20, 32])
def test_the_output_is_as_long_as_the_content(pooling: str, frames: int) -> None:
    model, (content, style, _) = build(style_pooling=pooling).eval(), tiny.mels(2)
    content = content[..., :frames]
    assert model.transfer(content, style).shape == content.shape


@torch.no_grad()
def test_the_code_has_a_frame_for_four_and_unit_variance() -> None:
    code = build().eval().encode(tiny.mels(2)[0])
    assert code.shape == (2, tiny.AUTOENCODER["content_dim"], tiny.FRAMES // 4)
    torch.testing.assert_close(code.mean(dim=1), torch.zeros(2, 8), atol=1e-4, rtol=0)
    torch.testing.assert_close(code.var(dim=1, correction=0), torch.ones(2, 8), atol=1e-2, rtol=0)


@torch.no_grad()
def test_noise_is_added_in_training_only() -> None:
    model, (content, _, _) = build(content_noise=0.5), tiny.mels(2)
    clear = model.eval().encode(content)
    assert torch.equal(clear, model.encode(content))
    noisy = model.train().encode(content)
    assert 0.3 < (noisy - clear).std() < 0.7


@torch.no_grad()
def test_without_noise_training_encodes_like_evaluation() -> None:
    model, (content, _, _) = build(content_noise=0.0), tiny.mels(2)
    assert torch.equal(model.train().encode(content), model.eval().encode(content))


def test_a_batch_is_learned() -> None:
    losses = tiny.overfit(build(), tiny.mels(8), steps=30)
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("pooling", ["statistics", "gru"])
def test_the_timbre_comes_from_the_style(pooling: str) -> None:
    model, (content, style, target) = build(style_pooling=pooling), tiny.mels(8)
    tiny.overfit(model, (content, style, target), steps=100)
    model.eval()
    right, wrong = (model(content, s, target)["total"] for s in (style, style.roll(1, 0)))
    assert wrong > 1.2 * right


@torch.no_grad()
def test_an_example_does_not_see_its_neighbors_in_the_batch() -> None:
    model, (content, style, _) = build().eval(), tiny.mels(3)
    together = model.transfer(content, style)[:1]
    torch.testing.assert_close(together, model.transfer(content[:1], style[:1]))
