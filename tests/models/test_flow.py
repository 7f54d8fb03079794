"""The flow's layers: what goes in comes back, and the determinant is the true one."""

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from tests import tiny
from timbre.models.glow.config import FlowConfig
from timbre.models.glow.flow import ActNorm, AffineCoupling, InvertibleConv1x1, squeeze, unsqueeze

CHANNELS, FRAMES, CONDITION = 4, 4, 8
LAYERS = ("actnorm", "conv", "coupling")


def coupling() -> AffineCoupling:
    config: FlowConfig = tiny.settings("glow").network
    return AffineCoupling(CHANNELS, config, dilation=1)


def layer(name: str) -> nn.Module:
    """A layer in use: its weights moved, ActNorm begun by a batch."""
    torch.manual_seed(0)
    made: dict[str, nn.Module] = {
        "actnorm": ActNorm(CHANNELS),
        "conv": InvertibleConv1x1(CHANNELS),
        "coupling": coupling(),
    }
    made[name](*inputs(3))
    tiny.randomize(made[name])
    return made[name]


def inputs(batch: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """`x` and a condition."""
    generator = torch.Generator().manual_seed(seed)
    x = 3 * torch.randn(batch, CHANNELS, FRAMES, generator=generator) + 1
    return x, torch.randn(batch, CONDITION, FRAMES, generator=generator)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_inverted(name: str) -> None:
    flow, (x, condition) = layer(name), inputs(2)
    y, _ = flow(x, condition)
    assert not torch.allclose(y, x, atol=1e-2)
    torch.testing.assert_close(flow.inverse(y, condition), x, atol=1e-4, rtol=0)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", LAYERS)
def test_the_log_determinant_is_that_of_the_jacobian(name: str, seed: int) -> None:
    flow = layer(name).double()
    x, condition = (tensor.double() for tensor in inputs(1, seed))
    matrix = jacobian(lambda given: flow(given, condition)[0], x)
    expected = torch.linalg.slogdet(matrix.reshape(x.numel(), x.numel())).logabsdet
    torch.testing.assert_close(flow(x, condition)[1], expected[None])


@pytest.mark.parametrize("name", LAYERS)
def test_each_example_has_its_own_log_determinant(name: str) -> None:
    flow, (x, condition) = layer(name), inputs(3)
    alone = [flow(x[i : i + 1], condition[i : i + 1])[1] for i in range(3)]
    torch.testing.assert_close(flow(x, condition)[1], torch.cat(alone))


def test_a_coupling_begins_as_the_identity() -> None:
    x, condition = inputs(2)
    y, log_det = coupling()(x, condition)
    assert torch.equal(y, x)
    assert torch.equal(log_det, torch.zeros(2))


def test_a_coupling_heeds_its_condition() -> None:
    flow, (x, condition) = layer("coupling"), inputs(2)
    assert not torch.allclose(flow(x, condition)[0], flow(x, -condition)[0])


def test_the_log_scale_of_a_coupling_is_bounded() -> None:
    flow, (x, condition) = coupling().double(), (tensor.double() for tensor in inputs(2))
    tiny.randomize(flow, scale=3.0)
    higher = torch.cat([x[:, : CHANNELS // 2], x[:, CHANNELS // 2 :] + 1], dim=1)
    change = flow(higher, condition)[0] - flow(x, condition)[0]
    log_scale = change[:, CHANNELS // 2 :].log()
    assert 0.9 * flow.bound < log_scale.abs().max() <= flow.bound + 1e-6


def test_a_1x1_convolution_begins_as_a_rotation() -> None:
    x, condition = inputs(2)
    y, log_det = InvertibleConv1x1(CHANNELS)(x, condition)
    torch.testing.assert_close(y.norm(dim=1), x.norm(dim=1))
    torch.testing.assert_close(log_det, torch.zeros(2), atol=1e-4, rtol=0)


def test_actnorm_normalizes_the_first_batch() -> None:
    x, condition = inputs(64)
    y, _ = ActNorm(CHANNELS)(x, condition)
    torch.testing.assert_close(y.mean(dim=(0, 2)), torch.zeros(CHANNELS), atol=1e-4, rtol=0)
    torch.testing.assert_close(y.std(dim=(0, 2)), torch.ones(CHANNELS), atol=2e-2, rtol=0)


def test_actnorm_is_begun_once() -> None:
    flow = ActNorm(CHANNELS)
    flow(*inputs(8))
    before = {name: value.clone() for name, value in flow.state_dict().items()}
    flow(*inputs(8, seed=1))
    assert all(torch.equal(value, before[name]) for name, value in flow.state_dict().items())


def test_actnorm_is_not_begun_in_evaluation() -> None:
    flow = ActNorm(CHANNELS).eval()
    flow(*inputs(8))
    assert not flow.initialized


def test_actnorm_that_was_loaded_is_not_begun_again() -> None:
    flow, loaded = ActNorm(CHANNELS), ActNorm(CHANNELS)
    flow(*inputs(8))
    loaded.load_state_dict(flow.state_dict())
    loaded(*inputs(8, seed=1))
    assert loaded.initialized
    assert tiny.same_state(loaded, flow)


def test_a_constant_channel_leaves_actnorm_finite() -> None:
    x, condition = torch.ones(4, CHANNELS, FRAMES), inputs(4)[1]
    y, log_det = ActNorm(CHANNELS)(x, condition)
    assert y.isfinite().all()
    assert log_det.isfinite().all()


def test_squeezing_pairs_neighboring_frames_and_is_inverted() -> None:
    x = torch.arange(2 * 3 * 8).reshape(2, 3, 8)
    y = squeeze(x)
    assert y.shape == (2, 6, 4)
    assert set(y[0, :, 0].tolist()) == {0, 1, 8, 9, 16, 17}
    assert torch.equal(unsqueeze(y), x)


def test_factors_of_earlier_checkpoints_are_read() -> None:
    torch.manual_seed(0)
    permutation, lower, upper = torch.linalg.lu(torch.linalg.qr(torch.randn(6, 6))[0])
    conv = InvertibleConv1x1(6)
    conv.load_state_dict(
        {
            "permutation": permutation,
            "sign": torch.sign(upper.diagonal()),
            "lower": lower.tril(-1),
            "upper": upper.triu(1),
            "log_diagonal": upper.diagonal().abs().log(),
        }
    )
    x = torch.randn(2, 6, 5)
    y, _ = conv(x, x)
    assert torch.allclose(y, permutation @ lower @ upper @ x, atol=1e-5)
    assert torch.allclose(conv.inverse(y, x), x, atol=1e-4)
