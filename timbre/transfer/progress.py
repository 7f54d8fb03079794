"""Progress callbacks of long transfers; one that raises cancels."""

from collections.abc import Callable, Iterable, Iterator

from timbre.transfer.memmap import Floats

ProgressCallback = Callable[[float], None]  # takes the share done; raising ends the transfer


class StoppedError(Exception):
    """Whoever waited for it wants it no more."""


def no_progress(share: float) -> None:
    """Let it run to its end."""


def subtask(watch: ProgressCallback, number: int, count: int) -> ProgressCallback:
    """One of some equal parts of the work tells of itself, and is told of within the whole."""
    return lambda done: watch((number + done) / count)


def reporting(
    pieces: Iterable[tuple[int, Floats]],
    total: int,
    watch: ProgressCallback,
    begin: float,
    end: float,
) -> Iterator[tuple[int, Floats]]:
    """The same pieces, each told of when it is computed.

    Args:
        pieces: where each begins and what it is.
        total: length of the whole that they make up.
        watch: is told.
        begin: share of all the work that is done before them.
        end: share that is done after them.
    """
    for start, piece in pieces:
        watch(begin + (end - begin) * min(start + len(piece), total) / total)
        yield start, piece
