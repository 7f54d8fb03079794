"""Arrays that lie on disk, so that length costs no memory."""

import errno
import math
import mmap
import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def allocate(path: Path, shape: tuple[int, ...]) -> Floats:
    """An array of zeros in a new file.

    Raises:
        OSError: if there is no room for it; found later, that would end the process.
    """
    size = math.prod(shape) * np.dtype(np.float32).itemsize
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        elif shutil.disk_usage(path.parent).free < size:  # macOS and Windows
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        else:
            file.truncate(size)
    return np.memmap(path, np.float32, "r+", shape=shape)


def release(array: Floats) -> None:
    """Let the system have back the memory in which it holds what was read or written of a file.

    Without this all of a long file would stay with the process until somebody else runs short.

    Args:
        array: or a part of it; one that is in memory alone is left as it is.
    """
    below: object = array
    while isinstance(below, np.ndarray):
        below = below.base
    if isinstance(below, mmap.mmap) and hasattr(below, "madvise"):  # Windows has no such advice
        below.madvise(mmap.MADV_DONTNEED)  # the file keeps what was written
