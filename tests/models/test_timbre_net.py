"""The timbre net: blind to level and floor, and it learns to tell timbres from notes."""

import pytest
import torch
from torch import nn

from tests import tiny
from timbre.models.timbre_net.model import Model

PROGRAMS = torch.tensor([[0, 40, 40], [8, 48, 48], [16, 56, 56], [24, 64, 64]])


@pytest.fixture(scope="module")
def net() -> Model:
    model = tiny.build("timbre_net").eval()
    assert isinstance(model, Model)
    return model


def test_the_level_of_a_clip_does_not_matter(net: Model) -> None:
    content, _, _ = tiny.mels(4)
    assert torch.allclose(net.embed(content), net.embed(content - 7), atol=1e-4)


def test_what_is_far_below_the_loudest_does_not_matter(net: Model) -> None:
    content, _, _ = tiny.mels(4)
    loudest = content.amax((1, 2), keepdim=True)
    loud = torch.maximum(content, loudest - net.config.floor_db)
    assert not torch.equal(loud, content)
    assert torch.allclose(net.embed(loud), net.embed(content), atol=1e-5)


def test_a_clip_of_any_length_has_an_embedding(net: Model) -> None:
    content, _, _ = tiny.mels(2)
    for frames in (1, 7, 32, 320):
        clip = content.repeat(1, 1, 10)[..., :frames]
        assert net.embed(clip).shape == (2, net.config.channels)
        assert net.embed(clip).isfinite().all()


def test_a_clip_does_not_see_its_neighbors_in_the_batch(net: Model) -> None:
    content, _, _ = tiny.mels(4)
    assert torch.allclose(net.embed(content)[1:2], net.embed(content[1:2]), atol=1e-5)


def test_in_evaluation_nothing_is_drawn(net: Model) -> None:
    mels = tiny.mels(4)
    one, other = (net(*mels, PROGRAMS) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_others_of_the_same_program_are_no_negatives(net: Model) -> None:
    content, style, target = tiny.mels(2)
    same = torch.tensor([[0, 40, 40], [0, 40, 40]])
    hinge = net(content, style, target, same)["hinge"]
    # swapping the styles changes who is near, so each case is put alone to see its own triplet
    alone = [net(*(x[i : i + 1] for x in (content, style, target)), same[:1]) for i in range(2)]
    own = torch.stack([each["hinge"] for each in alone])
    positive = own[own > 0]
    assert hinge == pytest.approx(positive.mean().item() if len(positive) else 0, abs=1e-5)


def test_a_triplet_in_the_right_order_counts(net: Model) -> None:
    content, style, _ = tiny.mels(4)
    assert net(content, style, style, PROGRAMS)["triplet_accuracy"] == 1
    assert net(content, style, content, PROGRAMS)["triplet_accuracy"] == 0


def test_it_learns_to_order_triplets_it_has_seen() -> None:
    model: nn.Module = tiny.build("timbre_net", roughness_db=0.0, equalizer_db=0.0)
    batch = (*tiny.mels(32), torch.arange(32)[:, None].repeat(1, 3) * 3 % 112)
    before = model.eval()(*batch)
    tiny.overfit(model, batch, 60)
    after = model.eval()(*batch)
    assert after["total"] < 0.7 * before["total"]
    assert after["triplet_accuracy"] > 0.9
