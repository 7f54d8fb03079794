"""How far a long transfer is, told to whoever waits for it, who may also stop it."""

from collections.abc import Callable, Iterable, Iterator

from app.disk import Floats

Watch = Callable[[float], None]  # takes the share that is done; what it raises ends the transfer


class StoppedError(Exception):
    """Whoever waited for it wants it no more."""


def unwatched(share: float) -> None:
    """Let it run to its end."""


def share(watch: Watch, number: int, count: int) -> Watch:
    """One of some equal parts of the work tells of itself, and is told of within the whole."""
    return lambda done: watch((number + done) / count)


def watched(
    pieces: Iterable[tuple[int, Floats]], total: int, watch: Watch, begin: float, end: float
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
