"""Progress callbacks of long transfers; one that raises cancels."""

from collections.abc import Callable, Iterable, Iterator

from timbre.transfer.memmap import Floats

ProgressCallback = Callable[[float], None]  # takes the share done; raising ends the transfer


class StoppedError(Exception):
    """Cancellation of a transfer, raised by a progress callback."""


def no_progress(share: float) -> None:
    """Callback that does nothing."""


def subtask(progress: ProgressCallback, number: int, count: int) -> ProgressCallback:
    """Callback for one of several equal parts of the work, which reports to that of the whole."""
    return lambda share: progress((number + share) / count)


def reporting(
    pieces: Iterable[tuple[int, Floats]],
    total: int,
    progress: ProgressCallback,
    begin: float,
    end: float,
) -> Iterator[tuple[int, Floats]]:
    """Pieces as they come, each reported to the callback when it is computed.

    Args:
        pieces: where each begins and what it is.
        total: length of the whole that they make up.
        progress: is told.
        begin: share of all the work that is done before them.
        end: share that is done after them.
    """
    for start, piece in pieces:
        progress(begin + (end - begin) * min(start + len(piece), total) / total)
        yield start, piece
