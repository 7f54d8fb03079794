"""Arrays on disk: what is let go is still there."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from timbre.transfer.memmap import allocate, release

SIZE = 64 << 20  # bytes


def shared() -> int:
    return int(psutil.Process().memory_info().shared)


@pytest.mark.parametrize("channels", [1, 2])
def test_memory_is_let_go_and_what_was_written_stays(tmp_path: Path, channels: int) -> None:
    array = allocate(tmp_path / "a.f32", (SIZE // 4 // channels, channels))
    assert not array.any()
    before = shared()
    array[:] = np.arange(array.size).reshape(array.shape)
    release(array)
    assert shared() < before + SIZE / 4
    part = array[:, channels - 1]  # a part of it holds all of it
    assert np.array_equal(part, np.arange(array.size, dtype=np.float32)[channels - 1 :: channels])
    assert shared() > before - SIZE / 4
    release(part)
    assert shared() < before - SIZE / 2
    again = np.fromfile(tmp_path / "a.f32", np.float32)
    assert np.array_equal(again, np.arange(array.size, dtype=np.float32))


def test_what_is_in_memory_alone_is_left_as_it_is() -> None:
    array = np.ones(10, np.float32)
    release(array[2:])
    assert array.all()


def test_a_disk_without_room_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"[Ff]ile|space"):
        allocate(tmp_path / "a.f32", (1 << 58,))
