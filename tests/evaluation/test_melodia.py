"""Melodia: the pitches of two clips are compared, and what hangs or crashes costs one clip."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.evaluation.metrics.melodia import Melodia, Pitches, jaccard

RATE = 16_000
TUNE = (60, 64, 67, 72, 71, 67, 65, 62)
LIMIT = 0.5  # seconds, of the worker that hangs


def tune(*played: int) -> NDArray[np.float32]:
    """A tone of eight partials for each pitch, a quarter of a second long."""
    time = np.arange(RATE // 4) / RATE
    tones = [
        sum(np.sin(2 * np.pi * n * 440 * 2 ** ((pitch - 69) / 12) * time) / n for n in range(1, 9))
        * np.exp(-3 * time)
        for pitch in played
    ]
    return (0.1 * np.concatenate(tones)).astype(np.float32)


def moody(audio: NDArray[np.floating], sample_rate: int) -> Pitches:
    """What a worker does with a clip: as its first sample says. The workers import this."""
    while audio[0] == 1:
        time.sleep(0.1)
    if audio[0] == 2:
        os._exit(3)
    if audio[0] == 3:
        raise RuntimeError("In MultiPitchMelodia.compute: std::bad_alloc")
    return [frozenset({int(audio[0]), sample_rate})]


def listen(audio: NDArray[np.floating]) -> Pitches | None:
    """A worker's task that has a worker of its own, which it leaves behind."""
    return Melodia(30).pitches(audio, RATE)


@pytest.fixture(scope="module")
def melodia() -> Iterator[Melodia]:
    with Melodia(30) as running:
        yield running


@pytest.fixture(scope="module")
def heard(melodia: Melodia) -> Pitches:
    pitches = melodia.pitches(tune(*TUNE), RATE)
    assert pitches is not None
    return pitches


def test_the_tune_is_heard(heard: Pitches) -> None:
    frames = len(heard) // len(TUNE)
    middles = [heard[number * frames + frames // 2] for number in range(len(TUNE))]
    assert sum(pitch in frame for pitch, frame in zip(TUNE, middles, strict=True)) >= 6


def test_a_clip_is_at_no_distance_from_itself(melodia: Melodia, heard: Pitches) -> None:
    assert melodia.pitches(tune(*TUNE), RATE) == heard
    assert jaccard(heard, heard) == 0


def test_another_tune_is_far_from_either_side(melodia: Melodia, heard: Pitches) -> None:
    other = melodia.pitches(tune(*(pitch + 1 for pitch in TUNE)), RATE)
    assert other is not None
    assert jaccard(heard, other) > 0.8
    assert jaccard(other, heard) == jaccard(heard, other)


def test_a_frame_counts_by_what_it_shares() -> None:
    nothing = frozenset[int]()
    output = [frozenset({60, 64}), nothing, frozenset({60}), nothing]
    reference = [frozenset({60, 67}), nothing, nothing, frozenset({72})]
    assert jaccard(output, reference) == pytest.approx((2 / 3 + 0 + 1 + 1) / 4)


def test_a_frame_more_or_less_does_not_count() -> None:
    one, other = frozenset({60}), frozenset({61})
    assert jaccard([one, other], [one]) == jaccard([one], [one, other]) == 0
    assert jaccard([], [one]) == 0


def test_a_clip_that_hangs_crashes_or_is_refused_costs_that_clip_only() -> None:
    with Melodia(LIMIT, moody) as worker:
        for mood in (1, 2, 3):
            assert worker.pitches(np.array([mood]), RATE) is None
            assert worker.pitches(np.array([60]), RATE) == [frozenset({60, RATE})]


def test_a_clip_on_which_essentia_loops_for_ever_ends_in_nothing() -> None:
    with Melodia(4) as worker:
        assert worker.pitches(np.full(RATE, np.nan), RATE) is None


def test_a_worker_process_can_have_one(heard: Pitches) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(listen, tune(*TUNE)).result() == heard


def test_essentia_stays_out_of_this_process_and_says_nothing() -> None:
    code = (
        "import sys, numpy, timbre.evaluation.metrics.melodia as melodia; "
        "assert 'essentia' not in sys.modules; "
        "print(len(melodia.melody(numpy.zeros(16000, numpy.float32), 16000)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == pytest.approx(8000 / 128, abs=2)
    assert done.stderr == ""
