"""Batches of mels and the audio they are of, for vocoders; pure functions of (seed, step)."""

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
from timbre.store.batches import step_seed
from timbre.store.store import INT16, VIEWS, Split

Extras = dict[str, Tensor | None]
Place = tuple[int, int, int]  # example, view and first frame of a crop
TARGET = VIEWS.index("target")
MODEL_MADE = len(VIEWS)  # a view of its own: the target's audio, a model's mel of it


class ModelMels(NamedTuple):
    """Mels that a transfer model made of a split, see `timbre.training.model_mels`."""

    mel: Codes  # (N', M, T)
    share: float  # of the crops, 0 to 1, that are of these instead of true mels


class AudioBatch(NamedTuple):
    """Codes `(B, M, T)` and the audio they are of `(B, T * hop_length)`, both as stored."""

    mel: Codes
    target: NDArray[np.int16]

    def tensors(
        self, own: slice, names: tuple[str, ...], audio: Audio, device: torch.device
    ) -> tuple[list[Tensor], Extras]:
        """A process's share of the batch on its device.

        Args:
            own: which examples.
            names: what the model learns from beside; nothing is known here.
            audio: how codes are read.
            device: to put it on.

        Returns:
            The mel in dB, `(B, M, T)`, and the audio, `(B, T * hop_length)` in [-1, 1].
        """
        mel = torch.from_numpy(self.mel[own]).to(device).float() * audio.db_step + audio.db_min
        target = torch.from_numpy(self.target[own]).to(device).float() / INT16
        return [mel, target], {}


class AudioDataset:
    """Crops by chance of the views of those examples of a split that keep their audio.

    While a batch is used, the next is made.

    Args:
        split: of the store.
        crop_frames: length of a crop.
        in_memory: hold all of it; None: if that takes less than half of the free memory.
        model_mels: mels that a model made, which take the place of some true ones; or none.

    Raises:
        InputError: if the split keeps no audio or its segments are too short.
    """

    def __init__(
        self,
        split: Split,
        crop_frames: int,
        in_memory: bool | None = None,
        model_mels: ModelMels | None = None,
    ) -> None:
        audio = Audio.model_validate(split.attributes["audio"])
        frames = audio.segment_frames
        if not split.audio_count:
            raise InputError(
                f"expected audio beside the mels of the split {split.name!r}, found none; please "
                f"set spectrograms.keep_audio.{split.name} to a number above 0."
            )
        if crop_frames > frames:
            raise InputError(
                f"expected crop_frames of at most the {frames} frames of a segment, "
                f"got {crop_frames}."
            )
        if in_memory is None:
            a_view = audio.n_mels * frames + 2 * audio.segment_samples
            size = split.audio_count * len(VIEWS) * a_view
            in_memory = size < psutil.virtual_memory().available / 2
        self._split, self._hop, self._model_mels = split, audio.hop_length, model_mels
        self._frames, self._crop = frames, crop_frames
        self._all = self._read(0, split.audio_count) if in_memory else None
        self._maker = ThreadPoolExecutor(1)
        self._ahead: tuple[tuple[int, int, int], Future[AudioBatch]] | None = None

    def __len__(self) -> int:
        return self._split.audio_count

    def batch(self, seed: int, step: int, size: int) -> AudioBatch:
        """The batch of a step: examples, views and places in them are drawn."""
        key = (seed, step, size)
        if self._ahead is not None and self._ahead[0] == key:
            future = self._ahead[1]
        else:
            future = self._maker.submit(self._make, *key)
        batch = future.result()
        following = (seed, step + 1, size)
        self._ahead = following, self._maker.submit(self._make, *following)
        return batch

    def in_order(self, start: int, size: int) -> AudioBatch:
        """Examples `start` to `start + size`, the middle of a view of each: for validation.

        Where only made mels are wanted, that view is theirs.
        """
        middle = (self._frames - self._crop) // 2
        only_model_mels = self._model_mels is not None and self._model_mels.share == 1
        return self._take(
            [
                (number, MODEL_MADE if only_model_mels else number % len(VIEWS), middle)
                for number in range(start, min(start + size, len(self)))
            ]
        )

    def _make(self, seed: int, step: int, size: int) -> AudioBatch:
        """The batch of a step; called by one thread only."""
        rng = np.random.default_rng(step_seed(seed, step))
        highest = (len(self), len(VIEWS), self._frames - self._crop + 1)
        places = rng.integers(highest, size=(size, 3))
        if self._model_mels is not None:
            places[rng.random(size) < self._model_mels.share, 1] = MODEL_MADE
        return self._take([(number, view, first) for number, view, first in places.tolist()])

    def _take(self, places: list[Place]) -> AudioBatch:
        """Crop what was picked."""
        mels, sounds = [], []
        for number, view, first in places:
            if self._all is None:
                (mel,), (sound,) = self._read(number, number + 1)
            else:
                mel, sound = (values[number] for values in self._all)
            stop = first + self._crop
            if view == MODEL_MADE:
                assert self._model_mels is not None
                mels.append(self._model_mels.mel[number, :, first:stop])
                view = TARGET
            else:
                mels.append(mel[view, :, first:stop])
            sounds.append(sound[view, first * self._hop : stop * self._hop])
        return AudioBatch(np.stack(mels), np.stack(sounds))

    def _read(self, start: int, stop: int) -> tuple[Codes, NDArray[np.int16]]:
        return self._split.mel(start, stop), self._split.samples(start, stop)
