"""Muon and the averaged weights: orthogonal steps for matrices, AdamW for the rest, a true mean."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests import tiny
from timbre.training import devices, optimizers
from timbre.training.averaging import Average
from timbre.training.muon import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(2, 24, 24), (3, 16, 60), (1, 60, 16)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_orthogonalized_matrices_have_singular_values_near_one(
    shape: tuple[int, int, int], dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    given = torch.randn(shape) * torch.logspace(-3, 3, shape[0])[:, None, None]  # of any size
    found = orthogonalized(given, dtype)
    values = torch.linalg.svdvals(found)
    assert found.shape == given.shape
    # five iterations leave the smallest of a square matrix behind
    assert values.max() < 1.3
    assert values.median() > 0.65
    # the directions are kept: those of the polar factor
    u, _, vh = torch.linalg.svd(given, full_matrices=False)
    alike = nn.functional.cosine_similarity(found.flatten(1), (u @ vh).flatten(1))
    assert alike.min() > 0.9


def test_a_matrix_of_zeros_stays_so() -> None:
    assert not orthogonalized(torch.zeros(1, 4, 6), torch.float32).any()


def test_the_size_of_a_gradient_does_not_matter_to_a_matrix() -> None:
    moved = []
    for size in (1e-4, 1e4):
        torch.manual_seed(0)
        weight = nn.Parameter(torch.zeros(8, 20))
        weight.grad = size * torch.randn(8, 20)
        Muon([weight], [], 0.1, 0.1, 0.0, torch.float32).step()
        moved.append(weight.detach().clone())
    torch.testing.assert_close(moved[0], moved[1], atol=2e-3, rtol=0)
    values = torch.linalg.svdvals(moved[0])
    assert 0.05 < values.min() <= values.max() < 0.13  # of the rate


def test_kernels_are_matrices_and_the_rest_is_adamw() -> None:
    torch.manual_seed(0)
    kernel, bias = nn.Parameter(torch.randn(6, 4, 3)), nn.Parameter(torch.randn(6))
    matrix, twin = (nn.Parameter(kernel.detach().flatten(1).clone()), copy.deepcopy(bias))
    muon = Muon([kernel], [bias], 0.02, 1e-3, 0.1, torch.float32)
    flat = Muon([matrix], [], 0.02, 1e-3, 0.1, torch.float32)
    adamw = torch.optim.AdamW([twin], lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    for _ in range(4):
        kernel.grad, bias.grad = torch.randn_like(kernel), torch.randn_like(bias)
        matrix.grad, twin.grad = kernel.grad.flatten(1).clone(), bias.grad.clone()
        for optimizer in (muon, flat, adamw):
            optimizer.step()
    torch.testing.assert_close(kernel.flatten(1), matrix)
    torch.testing.assert_close(bias, twin)


def test_weights_decay_apart_from_the_gradient() -> None:
    weight = nn.Parameter(torch.ones(4, 4))
    weight.grad = torch.zeros(4, 4)
    Muon([weight], [], 0.5, 0.1, 0.1, torch.float32).step()
    torch.testing.assert_close(weight.detach(), torch.full((4, 4), 0.95))


@pytest.mark.parametrize("name", [*tiny.MODELS, "timbre_net"])
def test_what_counts_as_a_matrix(name: str) -> None:
    model = tiny.build(name)
    chosen = {id(weight) for weight in optimizers.matrices(model)}
    assert chosen
    for key, parameter in model.named_parameters():
        layer, _, kind = key.rpartition(".")
        is_readout = layer.rpartition(".")[2] in model.readouts  # type: ignore[operator]
        if id(parameter) in chosen:
            assert parameter.ndim >= 2
            assert parameter.requires_grad
            assert kind == "weight"
            assert not is_readout
        else:
            hidden = kind == "weight" and parameter.ndim >= 2 and parameter.requires_grad
            assert is_readout or not hidden


def test_muon_learns_more_in_as_many_steps() -> None:
    """Of a deep linear map, whose gradients have few large directions."""
    losses = {}
    for kind in ("adamw", "muon"):
        torch.manual_seed(0)
        model = nn.Sequential(*(nn.Linear(24, 24) for _ in range(3)))
        model.readouts = ()  # type: ignore[assignment]  # a plain value
        x = torch.randn(256, 24) * torch.logspace(0, -2, 24)
        wanted = x @ torch.randn(24, 24)
        settings = tiny.settings("autoencoder", optimizer=kind, steps=100, muon_rate=0.05)
        optimizer = optimizers.build(model, settings)
        for step in range(100):
            optimizers.set_rates(optimizer, step, settings)
            loss: Tensor = (model(x) - wanted).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses[kind] = loss.item()
    assert losses["muon"] < losses["adamw"]


def test_rates_rise_to_their_peaks_and_fall_to_nothing() -> None:
    settings = tiny.settings("autoencoder", steps=100, warmup_steps=9)
    shares = [optimizers.schedule(step, settings) for step in range(101)]
    assert max(shares[:9]) < max(shares) <= 1
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert shares[0] == pytest.approx(0.1)
    assert shares[100] == pytest.approx(0)


def test_the_average_is_that_of_all_weights_so_far() -> None:
    model = nn.Linear(3, 2)
    average = Average(model, 0.9)
    expected = average.model.weight.detach().clone()
    for step in range(120):
        with torch.no_grad():
            model.weight.add_(torch.randn(2, 3))
        average.update(step)
        decay = min(0.9, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * model.weight.detach()
    torch.testing.assert_close(average.model.weight, expected)
    assert not average.model.weight.requires_grad


def test_what_is_frozen_or_a_flag_is_not_averaged() -> None:
    model = tiny.build("glow")
    average = Average(model, 0.5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    average.update(1000)
    for name, parameter in model.named_parameters():
        moved = dict(average.model.named_parameters())[name]
        lag = 0.5 if parameter.requires_grad else 1.0
        torch.testing.assert_close(parameter - moved, torch.full_like(moved, lag))


def test_bfloat16_is_taken_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    flags = set(Path("/proc/cpuinfo").read_text().split())
    assert devices.multiplies_bfloat16() == bool(flags & {"avx512_bf16", "amx_tile"})
