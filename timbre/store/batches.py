"""Batches as a pure function of (seed, step): nothing about loaders to save or to restore."""

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbre.audio.mel import Codes
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.store.store import VIEWS, Split
from timbre.store.style_crops import Runs, StyleCrops

CONTENT, TARGET = (VIEWS.index(view) for view in ("content", "target"))
GOLDEN_RATIO = (1 + 5**0.5) / 2  # multiples of it, less their whole parts, are spread evenly
SHUFFLE_BLOCK = 1024  # examples shuffled together; two or three such blocks are in memory

Integers = NDArray[np.int64]


def step_seed(*parts: int) -> int:
    """One seed mixed from several numbers: `(0, 1)` and `(1, 0)` give different ones."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


class Batch(NamedTuple):
    """Codes of content and target `(B, M, T)` and style `(B, M, T')`, and what plays."""

    content: Codes
    style: Codes
    target: Codes
    notes: NDArray[np.uint8] | None  # (B, 16, T), eight pitches to a byte; None: nobody knows
    programs: NDArray[np.uint8]  # (B, V): what content, style and target are played with

    def tensors(
        self, own: slice, names: tuple[str, ...], audio: Audio, device: torch.device
    ) -> tuple[list[Tensor], dict[str, Tensor | None]]:
        """A process's share of the batch on its device.

        Args:
            own: which examples.
            names: what the model learns from beside the mels: `notes`, `programs`.
            audio: how codes are read.
            device: to put it on.

        Returns:
            Content, style and target in dB, `(B, M, T)`; and what `names` says, notes as
            `(B, 128, T)`, None where nobody knows them.
        """
        mels = [
            torch.from_numpy(codes[own]).to(device).float() * audio.db_step + audio.db_min
            for codes in (self.content, self.style, self.target)
        ]
        extras: dict[str, Tensor | None] = {}
        if "notes" in names:
            bits = None if self.notes is None else np.unpackbits(self.notes[own], axis=1)
            extras["notes"] = None if bits is None else torch.from_numpy(bits).to(device)
        if "programs" in names:
            extras["programs"] = torch.from_numpy(self.programs[own]).to(device)
        return mels, extras


class Rows(NamedTuple):
    """Some examples of a store in memory."""

    mel: Codes  # (N, V, M, T)
    notes: NDArray[np.uint8] | None  # (N, 16, T)
    programs: NDArray[np.uint8]  # (N, V)


class Epoch(NamedTuple):
    """The order of an epoch, block by block."""

    chunks: list[Integers]  # the chunks of each block
    ends: Integers  # (blocks,): how many examples have gone by when a block ends
    examples: Integers  # (N,): their numbers in the store
    part: Integers  # (N,): which chunk of its block holds each
    row: Integers  # (N,): and where in it


def shuffled(examples: int, chunk: int, seed: int) -> Epoch:
    """Draw the order of an epoch: of its chunks, then of the examples in each block of chunks."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(-(-examples // chunk))
    step = max(1, SHUFFLE_BLOCK // chunk)
    blocks = [order[start : start + step] for start in range(0, len(order), step)]
    shuffled_blocks = []
    for chunks in blocks:
        # number, part and row of all places in these chunks, of which the last may be short
        rows = np.tile(np.arange(chunk), len(chunks))
        parts = np.arange(len(chunks)).repeat(chunk)
        inside = np.stack([chunks.repeat(chunk) * chunk + rows, parts, rows])
        shuffled_blocks.append(rng.permutation(inside[:, inside[0] < examples], axis=1))
    ends = np.cumsum([each.shape[1] for each in shuffled_blocks])
    return Epoch(blocks, ends, *np.concatenate(shuffled_blocks, axis=1))


class StoreDataset:
    """The examples of a split, shuffled, cropped and drawn into batches.

    Every epoch goes through all examples once: its chunks in an order by chance, a block of them
    at a time, whose examples are shuffled among each other. So a store on disk is read chunk by
    chunk, and only a few blocks are in memory; where all of it fits, it is held there, and the
    batches are the same. While a batch is used, the next is made.

    Args:
        split: of the store.
        crop_frames: length of content and target.
        style: how style clips are cut.
        content_view: `cross`, the content in another timbre, or `self`, the target itself.
        in_memory: hold all of it; None: if that takes less than half of the free memory.

    Raises:
        InputError: if the split's segments are too short.
    """

    def __init__(
        self,
        split: Split,
        crop_frames: int,
        style: StyleCrops,
        content_view: str,
        in_memory: bool | None = None,
    ) -> None:
        audio = Audio.model_validate(split.attributes["audio"])
        frames = audio.segment_frames
        if max(crop_frames, style.longest) > frames:
            raise InputError(
                f"expected crop_frames and style_frames of at most the {frames} frames of a "
                f"segment, got {crop_frames} and {style.longest}."
            )
        if in_memory is None:
            size = len(split) * (len(VIEWS) * audio.n_mels + 16) * frames
            size *= max(1, torch.cuda.device_count())  # one process a GPU holds it
            in_memory = size < psutil.virtual_memory().available / 2
        self._split, self._frames = split, frames
        self._programs = split.index("program")
        self._crop, self._style = crop_frames, style
        self._style_view = VIEWS.index(style.view)
        self._content = TARGET if content_view == "self" else CONTENT
        self._all = self._rows(0, len(split)) if in_memory else None
        self._epochs: OrderedDict[tuple[int, int], Epoch] = OrderedDict()
        self._blocks: OrderedDict[tuple[int, int, int], Future[list[Rows]]] = OrderedDict()
        # one makes batches, one gathers blocks, two read the chunks of a block: more gain nothing
        self._maker, self._gatherer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._readers = ThreadPoolExecutor(2)
        self._ahead: tuple[tuple[int, int, int], Future[Batch]] | None = None

    def __len__(self) -> int:
        return len(self._split)

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """The batch of a step, each example cropped at random places.

        The steps go through one epoch after the other without end.
        """
        key = (seed, step, size)
        if self._ahead is not None and self._ahead[0] == key:
            future = self._ahead[1]
        else:
            future = self._maker.submit(self._make, *key)
        batch = future.result()
        following = (seed, step + 1, size)
        self._ahead = following, self._maker.submit(self._make, *following)
        return batch

    def in_order(self, start: int, size: int) -> Batch:
        """Examples `start` to `start + size`, each always cropped at one place: for validation.

        Places are spread evenly over the examples: a segment begins with notes, after silence, and
        its first seconds are easier than the others. Where style is heard in the target's own
        recording, which is at its end, crops are at its beginning.
        """
        stop = min(start + size, len(self))
        rows = self._rows(start, stop) if self._all is None else self._all
        first = start if self._all is None else 0
        picks = [(rows, i - first) for i in range(start, stop)]
        style_runs = [self._style.in_order(self._frames)] * len(picks)
        places = np.arange(start, stop) * GOLDEN_RATIO % 1
        if self._style.view == "target":
            places[:] = 0
        starts = (places * (self._frames - self._crop + 1)).astype(np.int64)
        return self._take(picks, starts, style_runs)

    def _make(self, seed: int, step: int, size: int) -> Batch:
        """The batch of a step; called by one thread only."""
        rng = np.random.default_rng(step_seed(seed, step))
        starts = rng.integers(self._frames - self._crop + 1, size=size)
        style_runs = self._style.draw(rng, self._frames, size)
        picks = []
        for place in range(step * size, (step + 1) * size):
            number, rank = divmod(place, len(self))
            epoch = self._epoch(seed, number)
            if self._all is not None:
                picks.append((self._all, int(epoch.examples[rank])))
            else:
                block = int(np.searchsorted(epoch.ends, rank, side="right"))
                parts = self._block(seed, number, block)
                picks.append((parts[epoch.part[rank]], int(epoch.row[rank])))
        return self._take(picks, starts, style_runs)

    def _epoch(self, seed: int, number: int) -> Epoch:
        """The order of an epoch, of which the last two are kept."""
        key = (seed, number)
        if key not in self._epochs:
            self._epochs[key] = shuffled(len(self), self._split.chunk, step_seed(seed, number, 1))
            while len(self._epochs) > 2:
                self._epochs.popitem(last=False)
        return self._epochs[key]

    def _block(self, seed: int, number: int, block: int) -> list[Rows]:
        """A block of an epoch; the one after it begins to be read."""
        last = len(self._epoch(seed, number).ends) - 1
        following = (number, block + 1) if block < last else (number + 1, 0)
        for place in ((number, block), following):
            key = (seed, *place)
            if key not in self._blocks:
                chunks = self._epoch(seed, place[0]).chunks[place[1]]
                self._blocks[key] = self._gatherer.submit(self._read, chunks)
            self._blocks.move_to_end(key)
        while len(self._blocks) > 3:  # a batch may still need the one before
            self._blocks.popitem(last=False)
        return self._blocks[seed, number, block].result()

    def _read(self, chunks: Integers) -> list[Rows]:
        """The examples of some chunks, chunk by chunk."""
        size = self._split.chunk
        runs = [(n * size, min((n + 1) * size, len(self))) for n in chunks.tolist()]
        return list(self._readers.map(lambda run: self._rows(*run), runs))

    def _rows(self, start: int, stop: int) -> Rows:
        programs = self._programs[start:stop]
        return Rows(self._split.mel(start, stop), self._split.notes(start, stop), programs)

    def _take(
        self, picks: list[tuple[Rows, int]], starts: Integers, style_runs: list[Runs]
    ) -> Batch:
        """Crop the examples picked: content and target from `starts` on, of style what is heard."""
        content, target = (
            np.stack(
                [
                    rows.mel[n, view, :, first : first + self._crop]
                    for (rows, n), first in zip(picks, starts, strict=True)
                ]
            )
            for view in (self._content, TARGET)
        )
        style = np.stack(
            [
                np.concatenate([rows.mel[n, self._style_view, :, run] for run in runs], axis=1)
                for (rows, n), runs in zip(picks, style_runs, strict=True)
            ]
        )
        notes = [
            rows.notes[n, :, first : first + self._crop]
            for (rows, n), first in zip(picks, starts, strict=True)
            if rows.notes is not None
        ]
        programs = np.stack([rows.programs[n] for rows, n in picks])
        return Batch(content, style, target, np.stack(notes) if notes else None, programs)
