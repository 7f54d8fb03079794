"""The autoencoder: shapes, noise, and that it learns notes from content, timbre from style."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests import tiny
from timbre.models.autoencoder import decoder
from timbre.models.autoencoder import model as autoencoder
from timbre.models.autoencoder.encoders import patched
from timbre.models.style import Style, blend


def build(**network: object) -> autoencoder.Model:
    model = tiny.build("autoencoder", **network)
    assert isinstance(model, autoencoder.Model)
    return model


def attention() -> decoder.StyleAttention:
    torch.manual_seed(0)
    return decoder.StyleAttention(16, 8, 4)


def of(frames: Tensor) -> Style:
    """The style of a clip, as far as attention looks."""
    return Style(frames.mean(dim=2), (frames,))


def test_attention_to_the_style_begins_as_the_identity() -> None:
    h = torch.randn(2, 16, 5)
    torch.testing.assert_close(attention()(h, of(torch.randn(2, 8, 7))), h)


@torch.no_grad()
def test_when_something_sounds_in_the_style_clip_does_not_matter() -> None:
    layer, h, frames = attention(), torch.randn(2, 16, 5), torch.randn(2, 8, 7)
    tiny.randomize(layer)
    found = layer(h, of(frames))
    torch.testing.assert_close(layer(h, of(frames[..., torch.randperm(7)])), found)
    torch.testing.assert_close(layer(h, of(torch.cat([frames, frames], dim=2))), found)
    assert not torch.allclose(layer(h, of(torch.randn(2, 8, 7))), found, atol=1e-2)


def retrieval() -> decoder.FrameRetrieval:
    """Two heads that fetch mels of 3 bands."""
    torch.manual_seed(0)
    return decoder.FrameRetrieval(3, 16, 8, 2)


def kept(mel: Tensor) -> Style:
    """The style of a clip with its own frames, as far as retrieval looks."""
    patches = patched(mel)
    return of(torch.randn(len(mel), 8, patches.shape[2]))._replace(patches=(patches,))


def test_a_patch_holds_frames_of_the_mel_one_after_the_other() -> None:
    mel = torch.randn(2, 3, 11)  # of which three frames make no whole patch
    patches = patched(mel)
    assert patches.shape == (2, 12, 2)
    for number, patch in enumerate(patches.unbind(2)):
        frames = mel[..., 4 * number : 4 * number + 4]
        torch.testing.assert_close(patch, frames.transpose(1, 2).flatten(1))


@torch.no_grad()
def test_what_is_fetched_lies_between_the_clips_own_frames() -> None:
    layer, mel = retrieval(), torch.randn(1, 3, 4).repeat(1, 1, 5)  # one patch over and over
    layer.enter = torch.nn.Linear(6, 6)
    torch.nn.init.eye_(layer.enter.weight)
    torch.nn.init.zeros_(layer.enter.bias)
    fetched = layer(torch.randn(1, 16, 7), kept(mel))
    wanted = mel[..., :4].repeat(1, 2, 7)  # by each head, for each moment of the content
    torch.testing.assert_close(fetched, wanted)


@torch.no_grad()
def test_when_a_frame_of_the_clip_sounds_does_not_matter_to_retrieval() -> None:
    layer, h, style = retrieval(), torch.randn(2, 16, 5), kept(torch.randn(2, 3, 28))
    order = torch.randperm(7)
    moved = style._replace(
        frames=(style.frames[0][..., order],), patches=(style.patches[0][..., order],)
    )
    torch.testing.assert_close(layer(h, moved), layer(h, style))
    twice = blend([style, style], [0.5, 0.5])
    torch.testing.assert_close(layer(h, twice), layer(h, style))


@torch.no_grad()
def test_a_frame_of_content_is_looked_up_by_itself() -> None:
    layer, h, frames = attention(), torch.randn(1, 16, 5), torch.randn(1, 8, 7)
    tiny.randomize(layer)
    style = of(frames)
    torch.testing.assert_close(layer(h[..., 2:3], style), layer(h, style)[..., 2:3])


@torch.no_grad()
@pytest.mark.parametrize("name", ["autoencoder", "vqvae", "glow"])
def test_between_styles_lies_what_each_is_alone_at_its_end(name: str) -> None:
    model, (content, one, other) = tiny.build(name).eval(), tiny.mels(2)
    tiny.randomize(model, scale=0.05)
    styles = [model.style(clip) for clip in (one, other[..., :16])]  # type: ignore[operator]

    def made(*weights: float) -> Tensor:
        torch.manual_seed(0)
        out: Tensor = model.transfer(content, blend(styles, weights))  # type: ignore[operator]
        return out

    for style, weights in zip(styles, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        torch.manual_seed(0)
        alone = model.transfer(content, style)  # type: ignore[operator]
        torch.testing.assert_close(made(*weights), alone, atol=1e-3, rtol=1e-4)
    ends, middle = (made(1.0, 0.0), made(0.0, 1.0)), made(0.5, 0.5)
    apart = (ends[0] - ends[1]).abs().mean()
    assert all((middle - end).abs().mean() < apart for end in ends)
    assert all((middle - end).abs().mean() > 0.1 * apart for end in ends)


@torch.no_grad()
def test_a_style_mixed_with_itself_is_itself() -> None:
    model, (content, style, _) = build().eval(), tiny.mels(2)
    tiny.randomize(model, scale=0.05)
    twice = blend([model.style(style)] * 2, [0.3, 0.7])
    torch.testing.assert_close(
        model.transfer(content, twice), model.transfer(content, style), atol=1e-3, rtol=1e-4
    )


def test_the_code_learns_to_tell_the_notes() -> None:
    mel = tiny.codes(8)
    notes = torch.from_numpy(np.unpackbits(tiny.notes(mel), axis=1))
    model, batch = build(note_weight=4.0), tiny.mels(8)
    before = model(*batch, notes)["notes"]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(*batch, notes)["total"].backward()
        optimizer.step()
    assert model(*batch, notes)["notes"] < 0.7 * before


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
