"""Windows: they cover everything, and pieces that agree join without a seam."""

from itertools import pairwise

import numpy as np
import pytest

from timbre.audio.mel import FRAME_MULTIPLE
from timbre.transfer.chunking import assemble, faded, starts


@pytest.mark.parametrize("total", [8, 504, 512, 520, 960, 968, 1024, 5000, 44_000])
def test_windows_cover_all_and_share_what_they_should(total: int) -> None:
    found = starts(total, 512, 64)
    assert found[0] == 0
    assert found[-1] + min(512, total) == total
    assert all(start % FRAME_MULTIPLE == 0 for start in found)
    for one, next_one in pairwise(found):
        assert 64 <= one + 512 - next_one < 512


@pytest.mark.parametrize("shape", [(4000,), (4000, 3)])
def test_pieces_that_agree_are_the_whole(shape: tuple[int, ...]) -> None:
    whole = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    out = np.full_like(whole, np.nan)
    assemble(out, ((start, whole[start : start + 512]) for start in starts(4000, 512, 64)), 32)
    assert out == pytest.approx(whole, abs=1e-6)


def test_the_ends_of_a_piece_are_not_used_where_another_knows_better() -> None:
    # as of a model that is wrong within 16 frames of where its window begins or ends
    whole = np.arange(4000, dtype=np.float32)
    pieces = []
    for start in starts(4000, 512, 64):
        piece = whole[start : start + 512].copy()
        piece[:16] = piece[:16] if start == 0 else 1e9
        piece[-16:] = piece[-16:] if start + 512 == 4000 else 1e9
        pieces.append((start, piece))
    out = np.empty_like(whole)
    assemble(out, pieces, 32)
    assert out == pytest.approx(whole, abs=1e-3)


def test_decibels_that_differ_go_over_evenly() -> None:
    out = np.empty((960, 2), np.float32)
    assemble(out, [(0, np.zeros((512, 2), np.float32)), (448, np.ones((512, 2), np.float32))], 32)
    steps = np.diff(out, axis=0)
    assert steps.min() >= 0
    assert steps.max() == pytest.approx(1 / 33)
    assert out[448 + 32] == pytest.approx(0.5, abs=0.03)  # the middle of what they share


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.8, 1.0])
def test_audio_keeps_its_power_in_a_seam_however_alike_the_pieces_are(alike: float) -> None:
    length = 100_000
    rng = np.random.default_rng(0)
    common, one, other = rng.normal(size=(3, length))
    old, new = (
        (alike**0.5 * common + (1 - alike) ** 0.5 * own).astype(np.float32) for own in (one, other)
    )
    seam = faded(old, new)
    power = np.mean(seam.reshape(10, -1) ** 2, axis=1)
    assert power == pytest.approx(np.ones(10), abs=0.05)
    assert seam[0] == pytest.approx(old[0], abs=1e-3)
    assert seam[-1] == pytest.approx(new[-1], abs=1e-3)


def test_a_seam_with_silence_is_finite() -> None:
    quiet, loud = np.zeros(64, np.float32), np.ones(64, np.float32)
    for old, new in ((quiet, quiet), (quiet, loud), (loud, quiet), (loud, -loud)):
        assert np.isfinite(faded(old, new)).all()
