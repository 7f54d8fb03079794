"""Feeding a training step: WAVs read and transformed in the loader, against the store."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import soundfile

from benchmarks.measure import seconds_each
from stages.params import Params
from timbre.store import writing
from timbre.store.batches import StoreDataset
from timbre.store.store import VIEWS, Split
from timbre.store.style_crops import StyleCrops
from timbre.store.writing import Content

BATCH = 64


class Feeding(NamedTuple):
    """Examples a second, of three views each."""

    reference: float
    memory: float
    disk: float


def measure(path: Path, wavs: Path, settings: Params, examples: int, steps: int) -> Feeding:
    """Draw batches of whole segments.

    Args:
        path: a store of rendered examples, which are repeated to make a larger one.
        wavs: a folder of segments as WAV.
        settings: of the product.
        examples: in the larger store.
        steps: batches that are timed.
    """
    audio = settings.audio
    files = sorted(wavs.iterdir())

    def load(first: int) -> None:
        for number in range(first, first + len(VIEWS)):
            sound, rate = soundfile.read(files[number % len(files)], dtype="float32")
            mel = librosa.feature.melspectrogram(
                y=sound,
                sr=rate,
                n_fft=audio.n_fft,
                hop_length=audio.hop_length,
                n_mels=audio.n_mels,
            )
            librosa.power_to_db(mel)

    load(0)
    reference = 1 / seconds_each(load, range(0, 3 * 40, 3), "WAV and STFT")
    large = path.with_name("large.zarr")
    _repeat(Split(path, "train"), large, settings, examples)
    memory, disk = (_speed(large, in_memory, settings, steps) for in_memory in (True, False))
    return Feeding(reference, memory, disk)


def open_large(folder: Path, settings: Params, examples: int) -> tuple[float, float]:
    """Seconds to open a store of many silent examples with its index, and to the first batch."""
    path = folder / "many.zarr"
    audio, count = settings.audio, settings.spectrograms.shard_examples
    mel = np.zeros((count, len(VIEWS), audio.n_mels, audio.segment_frames), np.uint8)
    notes = np.zeros((count, 16, audio.segment_frames), np.uint8)
    _write(
        path,
        settings,
        examples,
        lambda start, stop: Content(mel[: stop - start], notes[: stop - start], None),
    )
    begun = time.perf_counter()
    split = Split(path, "train")
    assert len(split) == len(split.index("program")) == examples
    opened = time.perf_counter() - begun
    frames = audio.segment_frames
    StoreDataset(split, frames, StyleCrops.fixed(frames), "cross", in_memory=False).batch(
        0, 0, BATCH
    )
    return opened, time.perf_counter() - begun


def _speed(path: Path, in_memory: bool, settings: Params, steps: int) -> float:
    """Examples a second, after as many steps to warm up."""
    frames = settings.audio.segment_frames
    dataset = StoreDataset(
        Split(path, "train"), frames, StyleCrops.fixed(frames), "cross", in_memory
    )
    for step in range(steps):
        dataset.batch(0, step, BATCH)
    begun = time.perf_counter()
    for step in range(steps, 2 * steps):
        dataset.batch(0, step, BATCH)
    return steps * BATCH / (time.perf_counter() - begun)


def _repeat(split: Split, path: Path, settings: Params, examples: int) -> None:
    """Write a store that repeats the examples of another."""
    mel, notes = split.mel(), split.notes()
    assert notes is not None

    def rows(start: int, stop: int) -> Content:
        numbers = np.arange(start, stop) % len(mel)
        return Content(mel[numbers], notes[numbers], None)

    _write(path, settings, examples, rows)


def _write(
    path: Path, settings: Params, examples: int, rows: Callable[[int, int], Content]
) -> None:
    """Write a store of one split; `rows` gives what a run of its examples holds."""
    section = settings.spectrograms
    writing.create(path, {"audio": settings.audio.model_dump()})
    index = {"program": np.zeros((examples, len(VIEWS)), np.uint8)}
    writing.add_split(
        path,
        "train",
        index,
        settings.audio,
        section.chunk_examples,
        section.shard_examples,
        keep_notes=True,
        keep_audio=False,
    )
    for shard in writing.shards("train", examples, section.shard_examples):
        writing.write(path, shard, rows(shard.start, shard.stop))
