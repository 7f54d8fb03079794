"""Progress bars of commands, shown on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timbre.transfer.progress import ProgressCallback


@contextmanager
def progress(quiet: bool = False) -> Iterator["ProgressCallback"]:
    """Progress bar of one transfer, shown on a terminal only."""
    from timbre.transfer.progress import no_progress  # brings NumPy

    if quiet or not sys.stderr.isatty():
        yield no_progress
        return
    from tqdm import tqdm

    shape = "{percentage:3.0f}% {bar} {remaining} left"
    with tqdm(total=1.0, leave=False, mininterval=0, bar_format=shape) as bar:

        def watch(share: float) -> None:
            bar.update(share - bar.n)

        yield watch


@contextmanager
def file_progress(total: int, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """Progress bar over several transfers, shown on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from tqdm import tqdm

    with tqdm(total=total, leave=False, unit="file") as bar:
        yield lambda: bar.update() and None
