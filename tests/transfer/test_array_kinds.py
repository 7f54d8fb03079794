"""Clips as arrays: every kind of floats is the same clip, and what is none is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from timbre.core.errors import InputError
from timbre.transfer.arrays import channels, check_rate

CLIP = np.random.default_rng(0).uniform(-0.5, 0.5, 800).astype(np.float16).astype(np.float32)


@pytest.mark.parametrize(
    "kind",
    [
        lambda clip: clip.astype(">f8"),
        lambda clip: clip.astype(np.longdouble),
        lambda clip: clip.astype(np.float16),
        lambda clip: np.repeat(clip, 2)[::2],
        lambda clip: clip.tolist(),
        lambda clip: torch.from_numpy(clip).half(),
        lambda clip: torch.from_numpy(clip).requires_grad_(),
    ],
)
def test_floats_of_any_kind_are_the_same_clip(kind: Callable[[Any], Any]) -> None:
    found = channels(kind(CLIP), "content")
    assert found.dtype == np.dtype("=f4")
    assert np.array_equal(found, CLIP[None])


def test_floats_that_numpy_does_not_know_are_taken() -> None:
    found = channels(torch.from_numpy(CLIP).bfloat16(), "content")
    assert found[0] == pytest.approx(CLIP, abs=2**-9)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (np.where(np.arange(800) == 5, 1e300, CLIP.astype(float)), "expected finite samples"),
        (np.where(np.arange(800) == 5, 3e38, CLIP).astype("f4"), "expected finite samples"),
        ([[0.1, 0.2], [0.3]], "expected an array of floats as content"),
        (np.stack([CLIP] * 9), "expected 8 channels at most"),
        (torch.zeros(800, dtype=torch.int16), "expected floats"),
        ("content.wav", "expected floats"),
        (None, "expected floats"),
    ],
)
def test_what_is_no_clip_is_refused_in_a_sentence(clip: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        channels(clip, "content")


@pytest.mark.parametrize("rate", [0, -1, 1, 999.0, 1e9, float("nan"), float("inf"), "16000", None])
def test_what_is_no_rate_is_refused_in_a_sentence(rate: Any) -> None:
    with pytest.raises(InputError, match=r"^expected a sample rate from 1,000 to .*mend it\.$"):
        check_rate(rate)


@pytest.mark.parametrize("rate", [8000, 22_050.0, np.int32(48_000), np.float32(16_000)])
def test_rates_of_any_number_are_taken(rate: Any) -> None:
    check_rate(rate)
