"""A model and a vocoder over sounds of any length, in windows, so that length costs no memory."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from timbre.audio.mel import clip_mel
from timbre.core.params import Audio
from timbre.core.signal import SILENCE_PEAK, Signal
from timbre.models.contract import TransferModel
from timbre.models.style import Style, blend
from timbre.models.vocoder.model import Vocoder, decode
from timbre.transfer import streams
from timbre.transfer.chunking import (
    FADE,
    HEARD,
    JOINT,
    OVERLAP,
    VOCODED,
    WINDOW,
    assemble,
    starts,
    window_mel,
)
from timbre.transfer.memmap import Floats, allocate, release
from timbre.transfer.progress import ProgressCallback, no_progress, reporting, subtask
from timbre.transfer.settings import TransferSettings

RESULT_FILE = "made.f32"  # the file of what is made, in the folder that is given
MAX_PEAK = 0.99  # peak that a model is given, at most


class Engine:
    """A model and the vocoder.

    Args:
        model: that transfers.
        vocoder: for the same mels.
        audio: the mel's settings.
        device: that both run on.
        options: settings that the model takes, see `timbre.models.registry.transfer_options`.
    """

    def __init__(
        self,
        model: TransferModel,
        vocoder: Vocoder,
        audio: Audio,
        device: str,
        options: tuple[str, ...] = (),
    ) -> None:
        self._model, self._vocoder = model, vocoder
        self.audio, self._device = audio, device
        self._cuda = [] if device == "cpu" else [torch.device(device)]
        self._options = options

    @torch.inference_mode()
    def timbres(self, parts: Sequence[Signal]) -> list[Style]:
        """Style of each of some clips of equal length.

        Args:
            parts: `(L,)` each, as `timbre.transfer.styles.parts` returns them.
        """
        mels = np.stack([clip_mel(part, self.audio) for part in parts])
        heard = self._model.timbre(torch.from_numpy(mels).to(self._device))
        return [_one(heard, number) for number in range(len(parts))]

    def channels(
        self,
        content: Floats,
        timbre: Style,
        settings: TransferSettings,
        folder: Path,
        watch: ProgressCallback = no_progress,
    ) -> Floats:
        """The notes of each channel in a sound; two are as loud beside each other as they were.

        Args:
            content: `(L, C)`, not silent.
            timbre: the sound.
            settings: of the transfer; equal channels give equal channels.
            folder: for what is computed.
            watch: is told which share is done.

        Returns:
            `(L, C)`, on disk in the folder's `RESULT_FILE`.
        """
        count = content.shape[1]
        if count == 1:
            return self.transfer(content[:, 0], timbre, settings, folder, watch)[:, None]
        together = allocate(folder / RESULT_FILE, content.shape)
        for number in range(count):
            channel, place = content[:, number], folder / f"channel {number}"
            place.mkdir()
            level, peak = streams.rms_and_peak(channel)
            if peak >= SILENCE_PEAK:
                part = subtask(watch, number, count)
                made = self.transfer(channel, timbre, settings, place, part)
                got, _ = streams.rms_and_peak(made)
                for start in range(0, len(made) if got else 0, streams.BLOCK_SAMPLES):
                    block = slice(start, start + streams.BLOCK_SAMPLES)
                    together[block, number] = level / got * made[block]
                    release(together)
                    release(made)
            shutil.rmtree(place)
        return together

    @torch.inference_mode()
    def transfer(
        self,
        content: Signal,
        timbre: Style,
        settings: TransferSettings,
        folder: Path,
        watch: ProgressCallback = no_progress,
    ) -> Signal:
        """The notes of `content` in a sound.

        Args:
            content: `(L,)` at any level, not silent.
            timbre: the sound.
            settings: of the transfer; the seed and the model's own options count.
            folder: for what is computed.
            watch: is told which share is done.

        Returns:
            `(L,)`, on disk in the folder, at about the level of the mel's settings.
        """
        with torch.random.fork_rng(self._cuda):  # the caller's generators stay as they were
            torch.manual_seed(settings.seed)
            return self._transfer(content, timbre, settings, folder, watch)

    def _transfer(
        self,
        content: Signal,
        timbre: Style,
        settings: TransferSettings,
        folder: Path,
        watch: ProgressCallback,
    ) -> Signal:
        audio = self.audio
        length = len(content)
        rms, peak = streams.rms_and_peak(content)
        gain = min(10 ** (audio.level_db / 20) / rms, MAX_PEAK / peak)
        if length < audio.n_fft:  # the mel takes no less
            content = np.pad(content, (0, audio.n_fft - length))
        total = -(-(len(content) // audio.hop_length) // 8) * 8

        mels = allocate(folder / "mel.f32", (total, audio.n_mels))
        computed = self._models(content, gain, timbre, total, settings)
        assemble(mels, reporting(computed, total, watch, 0.0, 0.5), FADE)
        # zeros where the last hop is not a whole one
        made = allocate(folder / RESULT_FILE, (max(total * audio.hop_length, length),))
        heard = reporting(self._vocoded(mels), total * audio.hop_length, watch, 0.5, 1.0)
        assemble(made, heard, JOINT * audio.hop_length)
        return made[:length]

    def _models(
        self, content: Signal, gain: float, timbre: Style, total: int, settings: TransferSettings
    ) -> Iterator[tuple[int, Floats]]:
        """Start of each window and the model's output for it, `(T, M)` in dB."""
        options: dict[str, Any] = {name: getattr(settings, name) for name in self._options}
        for start in starts(total, WINDOW, OVERLAP):
            notes = window_mel(content, gain, start, min(start + WINDOW, total), self.audio)
            release(content)
            given = torch.from_numpy(notes)[None].to(self._device)
            made = self._model.transfer(given, timbre, **options)
            yield start, made[0].T.cpu().numpy()

    def _vocoded(self, mels: Floats) -> Iterator[tuple[int, Floats]]:
        """Start of each window, in samples, and its audio."""
        hop = self.audio.hop_length
        for start in starts(len(mels), VOCODED, HEARD):
            frames = np.array(mels[start : start + VOCODED]).T[None]  # a copy: torch writes to none
            release(mels)
            given = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
            yield start * hop, decode(self._vocoder, given, given.shape[2] * hop)


def average(sounds: Sequence[tuple[Sequence[Style], float]]) -> Style:
    """Between several sounds, each made up of parts that count alike.

    Args:
        sounds: the parts of each, and its share of the whole, which sum to 1.
    """
    styles = [style for parts, _ in sounds for style in parts]
    weights = [share / len(parts) for parts, share in sounds for _ in parts]
    return styles[0] if len(styles) == 1 else blend(styles, weights)


def _one(styles: Style, number: int) -> Style:
    """One of a batch."""
    chosen = slice(number, number + 1)
    return Style(
        styles.vector[chosen],
        tuple(frames[chosen] for frames in styles.frames),
        None if styles.bias is None else styles.bias[chosen],
        None if styles.equalizer is None else styles.equalizer[chosen],
        tuple(patches[chosen] for patches in styles.patches),
    )
