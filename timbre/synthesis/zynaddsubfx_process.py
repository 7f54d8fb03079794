"""ZynAddSubFX in a process of its own, which may crash, hang and grow."""

import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbre.core.errors import InputError
from timbre.synthesis.zynaddsubfx import Request

MAX_STARTS = 2
MAX_SOUNDS = 500  # after which another process takes over: each leaves some 0.1 MB
ROOT = Path(__file__).parent.parent
EXIT_SECONDS = 5  # that a process may take to end by itself


class Player:
    """Plays requests in a process that starts with the first of them.

    It ends with this one, whatever that ends of.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = _nothing
        self._left = 0

    def play(self, request: Request) -> NDArray[np.float32]:
        """The sound of a request, `(L,)`.

        Raises:
            InputError: if the process dies of it twice.
        """
        for _ in range(MAX_STARTS):
            data = self._ask(request)
            if len(data) == 4 * request.samples:
                return np.frombuffer(data, np.float32)
            self.close()
        raise InputError(
            f"expected ZynAddSubFX to play its preset {request.preset!r}, it died of it "
            f"{MAX_STARTS} times; please install its packages again, or take it out of soundfonts."
        )

    def close(self) -> None:
        """End the process."""
        self._end()
        self._process = None

    def _ask(self, request: Request) -> bytes:
        """The bytes of a sound, fewer if the process ends before."""
        if self._process is None or self._left == 0:
            self.close()
            self._process = _start()
            self._end = weakref.finalize(self, partial(_stop, self._process))
            self._left = MAX_SOUNDS
        self._left -= 1
        requests, sounds = self._process.stdin, self._process.stdout
        assert requests is not None
        assert sounds is not None
        try:
            pickle.dump(request, requests)
            requests.flush()
        except BrokenPipeError:
            return b""
        return sounds.read(4 * request.samples)


def _nothing() -> None:
    """End of a process that has not begun."""


def _start() -> subprocess.Popen[bytes]:
    """A new process; no child of `multiprocessing`, for workers of a cluster may have none."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "timbre.synthesis.zynaddsubfx"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: it ends when there are no more requests."""
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        try:
            stream.close()
        except BrokenPipeError:
            continue
    try:
        process.wait(EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
