"""A model and a vocoder over sounds of any length, in windows, so that length costs no memory."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from app import sound
from app.disk import Floats, let_go, on_disk
from app.how import How
from app.overlap import assemble, starts
from app.watching import Watch, share, unwatched, watched
from app.windows import FADE, HEARD, JOINT, OVERLAP, VOCODED, WINDOW, window_mel
from audio.benchmark import Signal
from audio.params import Audio
from audio.recordings import SILENCE
from models import glow
from models.encoders import Style, mixed
from models.trained import decode, mel
from models.vocoder import Vocoder

MADE = "made.f32"  # the file of what is made, in the folder that is given
LOUDEST = 0.99  # peak that a model is given, at most


class Model(Protocol):
    """What transfers: mels in dB, `(B, M, T)`."""

    def timbre(self, style: Tensor) -> Style:
        """How a clip sounds."""
        ...

    def transfer(self, content: Tensor, style: Style) -> Tensor:
        """The notes of `content` in that sound."""
        ...


class Engine:
    """A model and the vocoder.

    Args:
        model: that transfers.
        vocoder: for the same mels.
        audio: the mel's settings.
        device: that both run on.
    """

    def __init__(self, model: Model, vocoder: Vocoder, audio: Audio, device: str) -> None:
        self._model, self._vocoder = model, vocoder
        self.audio, self._device = audio, device

    @torch.inference_mode()
    def timbres(self, parts: Sequence[Signal]) -> list[Style]:
        """How each of some clips of equal length sounds.

        Args:
            parts: `(L,)` each, as `app.styles.parts` returns them.
        """
        mels = np.stack([mel(part, self.audio) for part in parts])
        heard = self._model.timbre(torch.from_numpy(mels).to(self._device))
        return [_one(heard, number) for number in range(len(parts))]

    def channels(
        self, content: Floats, timbre: Style, how: How, folder: Path, watch: Watch = unwatched
    ) -> Floats:
        """The notes of each channel in a sound; two are as loud beside each other as they were.

        Args:
            content: `(L, C)`, not silent.
            timbre: the sound.
            how: to transfer; equal channels give equal channels.
            folder: for what is computed.
            watch: is told which share is done.

        Returns:
            `(L, C)`, on disk in the folder's `MADE`.
        """
        count = content.shape[1]
        if count == 1:
            return self.transfer(content[:, 0], timbre, how, folder, watch)[:, None]
        together = on_disk(folder / MADE, content.shape)
        for number in range(count):
            channel, place = content[:, number], folder / f"channel {number}"
            place.mkdir()
            level, peak = sound.rms_and_peak(channel)
            if peak >= SILENCE:
                part = share(watch, number, count)
                made = self.transfer(channel, timbre, how, place, part)
                got, _ = sound.rms_and_peak(made)
                for start in range(0, len(made) if got else 0, sound.BLOCK):
                    block = slice(start, start + sound.BLOCK)
                    together[block, number] = level / got * made[block]
                    let_go(together)
                    let_go(made)
            shutil.rmtree(place)
        return together

    @torch.inference_mode()
    def transfer(
        self, content: Signal, timbre: Style, how: How, folder: Path, watch: Watch = unwatched
    ) -> Signal:
        """The notes of `content` in a sound.

        Args:
            content: `(L,)` at any level, not silent.
            timbre: the sound.
            how: to transfer; the seed and the temperature count.
            folder: for what is computed.
            watch: is told which share is done.

        Returns:
            `(L,)`, on disk in the folder, at about the level of the mel's settings.
        """
        torch.manual_seed(how.seed)
        audio = self.audio
        length = len(content)
        rms, peak = sound.rms_and_peak(content)
        gain = min(10 ** (audio.level_db / 20) / rms, LOUDEST / peak)
        if length < audio.n_fft:  # the mel takes no less
            content = np.pad(content, (0, audio.n_fft - length))
        total = -(-(len(content) // audio.hop_length) // 8) * 8

        mels = on_disk(folder / "mel.f32", (total, audio.n_mels))
        computed = self._models(content, gain, timbre, total, how.temperature)
        assemble(mels, watched(computed, total, watch, 0.0, 0.5), FADE)
        # zeros where the last hop is not a whole one
        made = on_disk(folder / MADE, (max(total * audio.hop_length, length),))
        heard = watched(self._vocoded(mels), total * audio.hop_length, watch, 0.5, 1.0)
        assemble(made, heard, JOINT * audio.hop_length)
        return made[:length]

    def _models(
        self, content: Signal, gain: float, timbre: Style, total: int, temperature: float | None
    ) -> Iterator[tuple[int, Floats]]:
        """Where each window begins and what the model makes of it, `(T, M)` in dB."""
        for start in starts(total, WINDOW, OVERLAP):
            notes = window_mel(content, gain, start, min(start + WINDOW, total), self.audio)
            let_go(content)
            given = torch.from_numpy(notes)[None].to(self._device)
            if isinstance(self._model, glow.Model):
                made = self._model.transfer(given, timbre, temperature)
            else:
                made = self._model.transfer(given, timbre)
            yield start, made[0].T.cpu().numpy()

    def _vocoded(self, mels: Floats) -> Iterator[tuple[int, Floats]]:
        """Where, in samples, each window begins and its audio."""
        hop = self.audio.hop_length
        for start in starts(len(mels), VOCODED, HEARD):
            frames = np.array(mels[start : start + VOCODED]).T[None]  # a copy: torch writes to none
            let_go(mels)
            given = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
            yield start * hop, decode(self._vocoder, given, given.shape[2] * hop)


def average(sounds: Sequence[tuple[Sequence[Style], float]]) -> Style:
    """Between several sounds, each made up of parts that count alike.

    Args:
        sounds: the parts of each, and its share of the whole, which sum to 1.
    """
    styles = [style for parts, _ in sounds for style in parts]
    weights = [share / len(parts) for parts, share in sounds for _ in parts]
    return styles[0] if len(styles) == 1 else mixed(styles, weights)


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
