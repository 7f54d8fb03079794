"""Worker processes that may crash, hang or eat all memory, at the cost of one item only."""

import multiprocessing
import os
import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, TimeoutError
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import psutil
from pebble import ProcessExpired, ProcessPool

Item = TypeVar("Item")
Result = TypeVar("Result")

TIMEOUT_SECONDS = 20  # for a batch, and for one thing alone
MAX_EXTRA_BYTES = 512 * 2**20  # bytes that a worker may take beyond what it begins with
BATCH_SIZE = 32  # things that go to a worker at once


class Fault(NamedTuple):
    """Fault of one item in its worker: `out_of_memory`, `too_slow` or `crashed`."""

    reason: str


def guarded(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    seconds: float = TIMEOUT_SECONDS,
    memory: int = MAX_EXTRA_BYTES,
) -> Iterator[tuple[Item, Result | Fault]]:
    """Apply `function` to each of `items` on all cores; what goes wrong costs that item only.

    Of `items` only a few batches are in memory at once. A batch that loses its worker is tried
    again one by one.

    Args:
        function: of a module, as the workers are spawned; what it raises ends the iteration.
        items: what it is applied to.
        seconds: that a batch may take, and then each of its items.
        memory: bytes that a worker may take.

    Yields:
        Each item with its result, in order.
    """
    workers = len(os.sched_getaffinity(0))
    source = iter(items)
    with ProcessPool(
        max_workers=workers,
        initializer=_limit,
        initargs=[memory],
        context=multiprocessing.get_context("spawn"),
    ) as pool:

        def start(batch: list[Item]) -> Future[list[Result | Fault]]:
            future: Future[list[Result | Fault]] = pool.schedule(
                _run, args=[function, batch], timeout=seconds
            )
            return future

        waiting: deque[tuple[list[Item], Future[list[Result | Fault]]]] = deque()
        try:
            while True:
                while len(waiting) < 2 * workers + 1 and (
                    batch := list(islice(source, BATCH_SIZE))
                ):
                    waiting.append((batch, start(batch)))
                if not waiting:
                    return
                batch, future = waiting.popleft()
                results = _result(future)
                if isinstance(results, Fault):
                    results = []
                    for item in batch:
                        alone = _result(start([item]))
                        results.append(alone if isinstance(alone, Fault) else alone[0])
                yield from zip(batch, results, strict=True)
        finally:
            pool.stop()  # type: ignore[no-untyped-call]  # or an error would wait for what is left


def _result(future: "Future[list[Result | Fault]]") -> list[Result | Fault] | Fault:
    """The results of a batch, or what became of its worker."""
    try:
        return future.result()
    except TimeoutError:
        return Fault("too_slow")
    except ProcessExpired:
        return Fault("crashed")


def _limit(memory: int) -> None:
    """Let this process have no more than `memory` bytes of data beyond what it has now."""
    limit = psutil.Process().memory_info().data + memory
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _run(function: Callable[[Any], Any], batch: list[Any]) -> list[Any]:
    """A worker's task."""
    results: list[Any] = []
    for item in batch:
        try:
            results.append(function(item))
        except MemoryError:
            results.append(Fault("out_of_memory"))
    return results
