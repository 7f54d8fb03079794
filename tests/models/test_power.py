"""The power of frames, and lifting the peaks to it."""

import pytest
import torch
from torch import Tensor

from timbre.models.autoencoder.power import MAX_LIFT_DB, frame_power, restore_frame_power


def mels(seed: int = 0) -> Tensor:
    """Two mels of ten frames between -90 and -20 dB."""
    return -90 + 70 * torch.rand(2, 128, 10, generator=torch.Generator().manual_seed(seed))


def test_the_power_is_the_sum_of_the_bins_powers() -> None:
    mel = mels()
    expected = 10 * torch.log10((10 ** (mel / 10)).sum(dim=1, keepdim=True))
    torch.testing.assert_close(frame_power(mel), expected)


def test_twice_the_power_is_three_decibels() -> None:
    mel = mels()
    twice = torch.cat([mel, mel], dim=1)
    torch.testing.assert_close(
        frame_power(twice) - frame_power(mel), torch.full((2, 1, 10), 3.0103)
    )


@pytest.mark.parametrize("change", [-5.0, -1.0, 0.0, 2.0, 8.0])
@pytest.mark.parametrize("width", [10.0, 25.0])
def test_a_lift_reaches_the_power_that_is_wanted(change: float, width: float) -> None:
    mel = mels()
    wanted = frame_power(mel) + change
    torch.testing.assert_close(
        frame_power(restore_frame_power(mel, wanted, width)), wanted, atol=0.01, rtol=0
    )


def test_a_mel_of_the_power_wanted_stays_as_it_is() -> None:
    mel = mels()
    torch.testing.assert_close(
        restore_frame_power(mel, frame_power(mel), 10.0), mel, atol=0.005, rtol=0
    )


@pytest.mark.parametrize("change", [-30.0, -3.0, 3.0, 30.0])
def test_louder_bins_stay_louder_and_soft_ones_where_they_are(change: float) -> None:
    mel = mels()
    found = restore_frame_power(mel, frame_power(mel) + change, 10.0)
    order = mel.argsort(dim=1)
    assert torch.all(found.gather(1, order).diff(dim=1) > -1e-3)
    soft = mel < mel.amax(dim=1, keepdim=True) - 40
    torch.testing.assert_close(found[soft], mel[soft], atol=0.01, rtol=0)
    assert float((found - mel).abs().max()) <= MAX_LIFT_DB


def test_equal_frames_of_other_level_are_lifted_alike() -> None:
    mel = mels()
    wanted = frame_power(mel) + 2
    torch.testing.assert_close(
        restore_frame_power(mel - 7, wanted - 7, 10.0), restore_frame_power(mel, wanted, 10.0) - 7
    )
