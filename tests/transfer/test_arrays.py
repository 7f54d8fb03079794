"""Transfers of arrays: as files are, in the caller's shape and rate, leaving its state alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.transferring import GLOW, RATE, samples, tool
from timbre.core.errors import InputError
from timbre.transfer.settings import TransferSettings


def test_arrays_are_transferred_as_files_are(clips: tuple[Path, Path], tmp_path: Path) -> None:
    tool(GLOW).file(*clips, tmp_path / "out.flac", TransferSettings(seed=2))
    content, style = (samples(clip) for clip in clips)
    made = tool(GLOW)(torch.from_numpy(content), style, RATE, TransferSettings(seed=2))
    assert made == pytest.approx(samples(tmp_path / "out.flac"), abs=1e-3)


def test_arrays_keep_their_rate_and_length(clips: tuple[Path, Path]) -> None:
    content, style = (np.repeat(samples(clip), 3)[:-1] for clip in clips)
    assert len(tool(GLOW)(content, style, 3 * RATE)) == len(content)


def test_arrays_of_two_channels_stay_two_and_another_style_is_blended() -> None:
    rng = np.random.default_rng(0)
    content, style, other = (rng.normal(0, 0.1, size) for size in ((2, RATE), RATE, (2, RATE)))
    one = tool(GLOW)
    shares: list[float] = []
    made = one(content, style, RATE, blend=other, progress=shares.append)
    assert made.shape == content.shape
    assert shares == sorted(shares)
    assert shares[-1] == 1
    alone = [one(content, style, RATE), one(content, other, RATE)]
    unmixed = one(content, style, RATE, TransferSettings(mix=0.0), other)
    assert unmixed == pytest.approx(alone[0], abs=2e-3)
    assert not any(np.array_equal(made, each) for each in alone)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.ones(RATE, np.int16), "floats in .* int16"),
        (np.ones((RATE, 2)), "channels first"),
        (np.full(RATE, np.nan), "finite samples"),
        (np.ones((1, 1, RATE)), "finite samples of shape"),
        (np.ones(0), "finite samples"),
    ],
)
def test_arrays_of_other_kinds_are_refused(content: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=f"^expected .*{message}.*; please"):
        tool(GLOW)(content, np.ones(RATE), RATE)


def test_generators_and_threads_of_the_caller_stay_as_they_were() -> None:
    rng = np.random.default_rng(0)
    clips = [rng.normal(0, 0.1, RATE) for _ in range(2)]
    one = tool(GLOW)
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    one(*clips, RATE, TransferSettings(seed=3))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_several_threads_may_use_one_tool() -> None:
    rng = np.random.default_rng(0)
    clips = [rng.normal(0, 0.1, RATE) for _ in range(2)]
    one = tool(GLOW)
    alone = [one(*clips, RATE, TransferSettings(seed=seed)) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        made = pool.map(lambda seed: one(*clips, RATE, TransferSettings(seed=seed)), range(3))
    assert all(map(np.array_equal, made, alone))
