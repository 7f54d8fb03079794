"""The distance of audio from audio: none to itself, alike from both sides, blind to phases."""

import pytest
import torch
from torch import Tensor

from tests import sounding, tiny
from timbre.models.vocos.spectral_loss import SpectralLoss

LOSS = SpectralLoss([8.0, 16.0, 64.0], tiny.AUDIO)
SYMMETRIC = ("magnitude", "mel")


def clips(seed: int) -> Tensor:
    """Four clips `(B, L)`."""
    return torch.from_numpy(sounding.sounds(4, seed)[:, 0]).float()


def test_equal_clips_have_no_distance() -> None:
    assert all(value == 0 for value in LOSS(clips(0), clips(0)).values())


def test_other_clips_have_one_that_is_the_same_from_both_sides() -> None:
    one, other = LOSS(clips(0), clips(1)), LOSS(clips(1), clips(0))
    assert all(value > 0.1 for value in one.values())
    assert all(one[name] == pytest.approx(other[name].item()) for name in SYMMETRIC)


def test_the_sign_of_a_wave_does_not_matter() -> None:
    assert all(value < 1e-6 for value in LOSS(-clips(0), clips(0)).values())


def test_silence_for_a_sound_is_about_one_from_it_in_convergence() -> None:
    assert LOSS(0 * clips(0), clips(0))["convergence"] == pytest.approx(1, abs=0.01)


def test_a_level_is_told_by_the_logarithm() -> None:
    terms = LOSS(clips(0) / 2, clips(0))
    assert terms["convergence"] == pytest.approx(0.5, abs=0.01)
    assert all(0.1 < terms[name] <= torch.log(torch.tensor(2.0)) for name in SYMMETRIC)


def test_what_is_far_below_the_loudest_hardly_counts() -> None:
    loud = clips(0)
    hiss = 1e-7 * torch.randn(loud.shape, generator=torch.Generator().manual_seed(0))
    assert all(value < 0.02 for value in LOSS(loud + hiss, loud).values())


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_gradients_are_finite_even_in_silence(level: float) -> None:
    output = torch.zeros_like(clips(0), requires_grad=True)
    sum(LOSS(output, level * clips(1)).values()).backward()
    assert output.grad is not None
    assert output.grad.isfinite().all()
