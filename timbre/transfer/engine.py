"""Engine of transfers: a model and a vocoder over sounds of any length, window by window."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timbre.audio.mel import FRAME_MULTIPLE, clip_mel
from timbre.core.signal import SILENCE_PEAK, Signal
from timbre.runtime.backend import Backend
from timbre.transfer import noise, streams
from timbre.transfer.chunking import (
    MODEL_FADE,
    MODEL_OVERLAP,
    MODEL_WINDOW,
    VOCODER_FADE,
    VOCODER_OVERLAP,
    VOCODER_WINDOW,
    assemble,
    starts,
    window_mel,
)
from timbre.transfer.memmap import Floats, allocate, release
from timbre.transfer.progress import ProgressCallback, no_progress, reporting, subtask
from timbre.transfer.settings import TransferSettings
from timbre.transfer.sounds import Sound
from timbre.transfer.streams import Level

RESULT_FILE = "result.f32"  # in the folder that is given
MAX_PEAK = 0.99  # peak that a model is given, at most


Style = Any  # what the backend hears of a clip


class Engine:
    """A model and the vocoder.

    Args:
        backend: that computes them.
    """

    def __init__(self, backend: Backend[Any]) -> None:
        self.backend, self.audio = backend, backend.audio

    def styles(self, parts: Sequence[Signal]) -> list[Style]:
        """Style of each of some clips of equal length.

        Args:
            parts: `(L,)` each, as `timbre.transfer.styles.parts` returns them.
        """
        return self.backend.styles(np.stack([clip_mel(part, self.audio) for part in parts]))

    def average(self, sounds: Sequence[tuple[Sequence[Style], float]]) -> Style:
        """Weighted mean of several sounds, each made up of parts that count alike.

        Args:
            sounds: the parts of each, and its share of the whole, which sum to 1.
        """
        styles = [style for parts, _ in sounds for style in parts]
        weights = [share / len(parts) for parts, share in sounds for _ in parts]
        return styles[0] if len(styles) == 1 else self.backend.blend(styles, weights)

    def channels(
        self,
        content: Sound,
        style: Style,
        settings: TransferSettings,
        folder: Path,
        progress: ProgressCallback = no_progress,
    ) -> Floats:
        """The notes of each channel in a sound; two are as loud beside each other as they were.

        Args:
            content: not silent.
            style: the sound.
            settings: of the transfer; equal channels give equal channels.
            folder: for what is computed.
            progress: is told which share is done.

        Returns:
            `(L, C)`, on disk in the folder's `RESULT_FILE`.
        """
        samples, levels = content.samples, content.channel_levels
        if len(levels) == 1:
            output = self.transfer(samples[:, 0], style, settings, folder, progress, levels[0])
            return output[:, None]
        together = allocate(folder / RESULT_FILE, samples.shape)
        for number, level in enumerate(levels):
            place = folder / f"channel {number}"
            place.mkdir()
            if level.peak >= SILENCE_PEAK:
                part = subtask(progress, number, len(levels))
                channel = samples[:, number]
                output = self.transfer(channel, style, settings, place, part, level)
                rms = streams.level(output).rms
                for start in range(0, len(output) if rms else 0, streams.BLOCK_SAMPLES):
                    block = slice(start, start + streams.BLOCK_SAMPLES)
                    together[block, number] = level.rms / rms * output[block]
                    release(together)
                    release(output)
            shutil.rmtree(place)
        return together

    def transfer(
        self,
        content: Signal,
        style: Style,
        settings: TransferSettings,
        folder: Path,
        progress: ProgressCallback = no_progress,
        level: Level | None = None,
    ) -> Signal:
        """The notes of `content` in a sound.

        Args:
            content: `(L,)` at any level, not silent.
            style: the sound.
            settings: of the transfer; the seed and the model's own options count.
            folder: for what is computed.
            progress: is told which share is done.
            level: of the content, if it is known.

        Returns:
            `(L,)`, on disk in the folder, at about the level of the mel's settings.
        """
        audio = self.audio
        length = len(content)
        rms, peak = level or streams.level(content)
        gain = min(10 ** (audio.level_db / 20) / rms, MAX_PEAK / peak)
        if length < audio.n_fft:  # the mel takes no less
            content = np.pad(content, (0, audio.n_fft - length))
        total = -(-(len(content) // audio.hop_length) // FRAME_MULTIPLE) * FRAME_MULTIPLE

        mels = allocate(folder / "mel.f32", (total, audio.n_mels))
        windows = self._models(content, gain, style, total, settings)
        assemble(mels, reporting(windows, total, progress, 0.0, 0.5), MODEL_FADE)
        # zeros where the last hop is not a whole one
        output = allocate(folder / RESULT_FILE, (max(total * audio.hop_length, length),))
        pieces = reporting(self._vocoded(mels), total * audio.hop_length, progress, 0.5, 1.0)
        assemble(output, pieces, VOCODER_FADE * audio.hop_length)
        return output[:length]

    def _models(
        self, content: Signal, gain: float, style: Style, total: int, settings: TransferSettings
    ) -> Iterator[tuple[int, Floats]]:
        """Start of each window and the model's output for it, `(T, M)` in dB."""
        options = {name: getattr(settings, name) for name in self.backend.options}
        for start in starts(total, MODEL_WINDOW, MODEL_OVERLAP):
            stop = min(start + MODEL_WINDOW, total)
            mel = window_mel(content, gain, start, stop, self.audio)
            release(content)
            frames = None
            if self.backend.draws:
                frames = noise.normal(settings.seed, start, stop, self.audio.n_mels)
            yield start, self.backend.transfer(mel, style, frames, options).T

    def _vocoded(self, mels: Floats) -> Iterator[tuple[int, Floats]]:
        """Start of each window, in samples, and its audio."""
        for start in starts(len(mels), VOCODER_WINDOW, VOCODER_OVERLAP):
            frames = np.array(mels[start : start + VOCODER_WINDOW]).T
            release(mels)
            yield start * self.audio.hop_length, self.backend.decode(frames)
