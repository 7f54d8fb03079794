"""Transfer of whole recordings: mel, model and vocoder in windows, so that length costs no memory.

What is computed waits on disk in a temporary folder: 160 KB for each second of content.
"""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import torch
from torch import Tensor, nn

from app import sound
from app.overlap import Floats, assemble, starts
from audio import recordings
from audio.benchmark import Signal
from audio.errors import InputError
from audio.params import Audio
from audio.synthesis import at_level
from models.trained import decode, mel
from models.vocoder import Vocoder

# all in frames of the mel
WINDOW, OVERLAP, FADE = 512, 64, 32  # of the model: with the usual 16 ms, 8 s as in training
VOCODED, HEARD, JOINT = 1024, 256, 8  # of the vocoder: it hears more than any part of it depends on

STYLE_READ, STYLE_USED = 30.0, 16.0  # s: from the start, and the loudest of that
STYLE_LEAST = 0.5  # s


class Transfer:
    """A model and a vocoder, for recordings of any length.

    Args:
        model: with `transfer(content, style)`, mels in dB.
        vocoder: for the same mels.
        audio: the mel's settings.
        device: that both run on.
    """

    def __init__(self, model: nn.Module, vocoder: Vocoder, audio: Audio, device: str) -> None:
        self._transfer: Callable[[Tensor, Tensor], Tensor] = model.transfer  # type: ignore[assignment]
        self._vocoder, self._audio, self._device = vocoder, audio, device

    def file(self, content: Path, style: Path, out: Path, seed: int) -> None:
        """Write the notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: a recording of any length.
            style: a recording of half a second or more.
            out: WAV, FLAC or OGG by its extension; mono, at the mel's sample rate.
            seed: of what is drawn; equal recordings and seeds give equal samples on one device.

        Raises:
            InputError: if a recording cannot be used or `out` not be written.
        """
        sound.checked(out)
        if out.resolve() in (content.resolve(), style.resolve()):
            raise InputError(
                f"expected an output of its own, {out} is also an input; please give another name."
            )
        try:
            with TemporaryDirectory() as folder:
                self._file(content, style, out, seed, Path(folder))
        except (OSError, soundfile.LibsndfileError) as error:
            raise InputError(
                f"expected to write {out}: {error}; please mend that or give another name."
            ) from error

    def _file(self, content: Path, style: Path, out: Path, seed: int, folder: Path) -> None:
        rate = self._audio.sample_rate
        notes = sound.read(content, rate, folder)
        timbre = self.style(style)
        rms, peak = sound.rms_and_peak(notes)
        made, gain = notes, 0.0  # of silence nothing but silence can be made
        if peak >= recordings.SILENCE:
            made = self.signal(notes, timbre, seed, folder)
            got, loudest = sound.rms_and_peak(made)
            gain = min(rms / got, sound.LOUDEST / loudest) if got else 1.0
        sound.write(out, made, gain, rate)

    def style(self, path: Path) -> Signal:
        """The loudest part of a style recording, at the level that models are used to.

        Raises:
            InputError: if it cannot be read or is too short.
        """
        rate = self._audio.sample_rate
        heard = recordings.read(path, rate, STYLE_READ).astype(np.float64)
        if len(heard) < STYLE_LEAST * rate:
            raise InputError(
                f"expected a style of {STYLE_LEAST} s or more, {path} lasts "
                f"{len(heard) / rate:.3f} s; please take a longer one."
            )
        used = min(len(heard), round(STYLE_USED * rate))
        energy = np.cumsum(np.concatenate([[0.0], heard**2]))
        start = int(np.argmax(energy[used:] - energy[:-used]))
        return at_level(heard[start : start + used], self._audio.level_db).astype(np.float32)

    @torch.inference_mode()
    def signal(self, content: Signal, style: Signal, seed: int, folder: Path) -> Signal:
        """The notes of `content` in the sound of `style`.

        Args:
            content: `(L,)` at any level, not silent.
            style: `(L',)`, as `style` returns it.
            seed: of what is drawn.
            folder: for what is computed.

        Returns:
            `(L,)`, on disk in the folder, at about the level of the mel's settings.
        """
        torch.manual_seed(seed)
        audio = self._audio
        length = len(content)
        rms, peak = sound.rms_and_peak(content)
        gain = min(10 ** (audio.level_db / 20) / rms, sound.LOUDEST / peak)
        if length < audio.n_fft:  # the mel takes no less
            content = np.pad(content, (0, audio.n_fft - length))
        total = -(-(len(content) // audio.hop_length) // 8) * 8

        mels = on_disk(folder / "mel.f32", (total, audio.n_mels))
        assemble(mels, self._models(content, gain, style, total), FADE)
        # zeros where the last hop is not a whole one
        made = on_disk(folder / "made.f32", (max(total * audio.hop_length, length),))
        assemble(made, self._vocoded(mels), JOINT * audio.hop_length)
        return made[:length]

    def _models(
        self, content: Signal, gain: float, style: Signal, total: int
    ) -> Iterator[tuple[int, Floats]]:
        """Where each window begins and what the model makes of it, `(T, M)` in dB."""
        timbre = torch.from_numpy(mel(style, self._audio))[None].to(self._device)
        for start in starts(total, WINDOW, OVERLAP):
            notes = window_mel(content, gain, start, min(start + WINDOW, total), self._audio)
            given = torch.from_numpy(notes)[None].to(self._device)
            yield start, self._transfer(given, timbre)[0].T.cpu().numpy()

    def _vocoded(self, mels: Floats) -> Iterator[tuple[int, Floats]]:
        """Where, in samples, each window begins and its audio."""
        hop = self._audio.hop_length
        for start in starts(len(mels), VOCODED, HEARD):
            frames = np.array(mels[start : start + VOCODED]).T[None]  # a copy: torch writes to none
            given = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
            yield start * hop, decode(self._vocoder, given, given.shape[2] * hop)


def on_disk(path: Path, shape: tuple[int, ...]) -> Floats:
    """An array of zeros in a new file.

    Raises:
        OSError: if there is no room for it; found later, that would end the process.
    """
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, math.prod(shape) * np.dtype(np.float32).itemsize)
    return np.memmap(path, np.float32, "r+", shape=shape)


def window_mel(content: Signal, gain: float, start: int, stop: int, audio: Audio) -> Floats:
    """The frames from `start` to `stop` of the mel of a long sound, as the whole would have them.

    Args:
        content: `(L,)`, of `audio.n_fft` samples or more.
        gain: that it is multiplied by.
        start: a frame, multiple of 8.
        stop: a frame, multiple of 8; at most the whole's frames rounded up to that, the last of
            them repeated.
        audio: the mel's settings.

    Returns:
        `(M, stop - start)` in dB.
    """
    hop = audio.hop_length
    around = -(-audio.n_fft // 2 // hop // 8) * 8  # a frame's window reaches so far
    first = max(start - around, 0)
    heard = content[first * hop : (stop + around) * hop] * np.float32(gain)
    return mel(heard, audio)[:, start - first : stop - first]
