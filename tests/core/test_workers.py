"""Guarded work: what crashes, hangs or eats all memory costs itself, and nothing else."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from timbre.core.workers import BATCH_SIZE, TIMEOUT_SECONDS, Fault, guarded

MEMORY = 128 * 2**20
FAULTS = {  # by the item's number; three batches, the last one without a fault
    5: "crashed",
    7: "out_of_memory",
    BATCH_SIZE - 1: "crashed",
    BATCH_SIZE + 3: "too_slow",
    BATCH_SIZE + 4: "out_of_memory",
}
ITEMS = [(FAULTS.get(number, "fine"), number) for number in range(2 * BATCH_SIZE + 7)]


def work(item: tuple[str, int]) -> int:
    """What a worker does with an item: as its name says. The workers import this."""
    kind, number = item
    if kind == "crashed":
        if number % 2:
            os._exit(3)
        os.kill(os.getpid(), signal.SIGKILL)
    while kind == "too_slow":
        time.sleep(1)
    if kind == "out_of_memory":
        return len(bytearray(2 * MEMORY))
    if kind == "error":
        raise KeyError(number)
    return len(bytearray(MEMORY // 64)) + number


def numbers(drawn: list[int], fault: str) -> Iterator[tuple[str, int]]:
    """Items without an end, the first batch without a fault; what was drawn is written down."""
    while True:
        drawn.append(len(drawn))
        yield ("fine" if drawn[-1] < BATCH_SIZE else fault), drawn[-1]


@pytest.fixture(scope="module")
def results() -> list[tuple[tuple[str, int], int | Fault]]:
    return list(guarded(work, iter(ITEMS), seconds=1.5, memory=MEMORY))


def test_every_item_comes_once_and_in_order(
    results: list[tuple[tuple[str, int], int | Fault]],
) -> None:
    assert [item for item, _ in results] == ITEMS


def test_each_fault_is_told_from_the_others(
    results: list[tuple[tuple[str, int], int | Fault]],
) -> None:
    faults = {item[1]: result.reason for item, result in results if isinstance(result, Fault)}
    assert faults == FAULTS


def test_all_others_have_the_results_of_a_plain_loop(
    results: list[tuple[tuple[str, int], int | Fault]],
) -> None:
    fine = [(item, result) for item, result in results if not isinstance(result, Fault)]
    assert fine == [(item, work(item)) for item in ITEMS if item[1] not in FAULTS]


def test_no_more_is_drawn_than_the_workers_need_and_closing_ends_it() -> None:
    ahead = (2 * len(os.sched_getaffinity(0)) + 1) * BATCH_SIZE
    drawn: list[int] = []
    begun = guarded(work, numbers(drawn, "too_slow"), memory=MEMORY)
    assert [next(begun)[1] for _ in range(3)] == [work(("fine", number)) for number in range(3)]
    assert len(drawn) <= ahead
    start = time.monotonic()
    begun.close()
    assert time.monotonic() - start < TIMEOUT_SECONDS / 2
    assert len(drawn) <= ahead
    assert multiprocessing.active_children() == []


def test_an_error_of_the_function_reaches_the_caller_and_ends_it() -> None:
    drawn: list[int] = []
    got = []
    with pytest.raises(KeyError, match=str(BATCH_SIZE)):
        for _, result in guarded(work, numbers(drawn, "error"), memory=MEMORY):
            got.append(result)
    assert got == [work(("fine", number)) for number in range(BATCH_SIZE)]
    assert multiprocessing.active_children() == []


def test_nothing_gives_nothing() -> None:
    assert list(guarded(work, [])) == []
