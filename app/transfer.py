"""Transfer of whole recordings: mel, model and vocoder in windows, so that length costs no memory.

>>> from app.transfer import Transfer
>>> out = Transfer.load("glow")(content, style, sample_rate)

What is computed waits on disk in a temporary folder: 160 KB for each second of content.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol, Self

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from app import sound
from app.overlap import Floats, assemble, starts
from app.styles import LEAST, READ, loudest
from app.watching import Watch, unwatched, watched
from app.windows import FADE, HEARD, JOINT, OVERLAP, VOCODED, WINDOW, on_disk, window_mel
from audio import recordings
from audio.benchmark import Signal
from audio.errors import InputError
from audio.params import Audio
from models import card, checkpoint, glow, vocoder
from models.encoders import Style, mixed
from models.trained import decode, mel
from models.vocoder import Vocoder

WEIGHTS = Path(__file__).parents[1] / "weights"


class Model(Protocol):
    """What transfers: mels in dB, `(B, M, T)`."""

    def timbre(self, style: Tensor) -> Style:
        """How a clip sounds."""
        ...

    def transfer(self, content: Tensor, style: Style) -> Tensor:
        """The notes of `content` in that sound."""
        ...


class How(NamedTuple):
    """How to transfer."""

    seed: int = 0  # of what is drawn
    strength: float = 1.0  # from 0, the content's own sound, to 1, the style's
    mix: float = 0.5  # share of a second style, where there is one
    temperature: float | None = None  # of `glow`, 0 is smoothest; None: as it was trained


PLAINLY = How()


class Transfer:
    """A model and a vocoder, for recordings of any length.

    Args:
        model: that transfers.
        vocoder: for the same mels.
        audio: the mel's settings.
        device: that both run on.
    """

    def __init__(self, model: Model, vocoder: Vocoder, audio: Audio, device: str) -> None:
        self._model = model
        self._vocoder, self._audio, self._device = vocoder, audio, device

    @classmethod
    def load(cls, name: str, weights: Path = WEIGHTS, device: str | None = None) -> Self:
        """The model of that name and the vocoder in a folder.

        Args:
            name: `glow` or `vqvae`.
            weights: the folder, those that ship unless given.
            device: of torch; the GPU where there is one unless given.

        Raises:
            InputError: if they are missing, others than their cards say, or of different mels.
        """
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        paths = [card.verified(weights, each) for each in (name, "vocoder")]
        mels = [checkpoint.description(path)["audio"] for path in paths]
        if mels[0] != mels[1]:
            raise InputError(
                f"expected {paths[0]} and {paths[1]} to share one mel, they have different "
                "settings; please train the vocoder for the model."
            )
        model: Model = checkpoint.load(paths[0], device)[1]  # type: ignore[assignment]
        voice = vocoder.load(paths[1], device)
        return cls(model, voice, Audio.model_validate(mels[0]), device)

    def __call__(
        self, content: ArrayLike, style: ArrayLike, sample_rate: int, how: How = PLAINLY
    ) -> Signal:
        """The notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: `(L,)` samples of one channel in [-1, 1], as an array or a tensor.
            style: `(L',)`, half a second or more.
            sample_rate: Hz, of both and of the result.
            how: to transfer.

        Returns:
            `(L,)` float32.

        Raises:
            InputError: if a clip cannot be used.
        """
        ours = self._audio.sample_rate
        clips = [np.asarray(clip, np.float32) for clip in (content, style)]
        for clip in clips:
            if clip.ndim != 1 or not clip.size or not np.isfinite(clip).all():
                raise InputError(
                    "expected finite samples of one channel, got other ones in an array of shape "
                    f"{clip.shape}; please take the mean of the channels."
                )
        notes, sound_of = (soxr.resample(clip, sample_rate, ours) for clip in clips)
        timbres = [loudest(sound_of, "the style", self._audio)]
        with TemporaryDirectory() as folder:
            made, gain = self._made(notes, timbres, how, Path(folder))
            out = soxr.resample(gain * made, ours, sample_rate)[: len(clips[0])]
        return np.pad(out, (0, len(clips[0]) - len(out))).astype(np.float32)

    def file(
        self,
        content: Path,
        style: Path,
        out: Path,
        how: How = PLAINLY,
        blend: Path | None = None,
        watch: Watch = unwatched,
    ) -> None:
        """Write the notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: a recording of any length.
            style: a recording of half a second or more.
            out: WAV, FLAC or OGG by its extension; mono, at the mel's sample rate.
            how: to transfer; equal recordings and seeds give equal samples on one device.
            blend: a second style, of which `how.mix` is taken.
            watch: is told after each window which share is done; what it raises ends the transfer.

        Raises:
            InputError: if a recording cannot be used or `out` not be written.
        """
        sound.checked(out)
        styles = [style] if blend is None else [style, blend]
        if out.resolve() in [path.resolve() for path in (content, *styles)]:
            raise InputError(
                f"expected an output of its own, {out} is also an input; please give another name."
            )
        try:
            with TemporaryDirectory() as folder:
                self._file(content, styles, out, how, Path(folder), watch)
        except (OSError, soundfile.LibsndfileError) as error:
            raise InputError(
                f"expected to write {out}: {error}; please mend that or give another name."
            ) from error

    def _file(
        self, content: Path, styles: list[Path], out: Path, how: How, folder: Path, watch: Watch
    ) -> None:
        notes = sound.read(content, self._audio.sample_rate, folder)
        timbres = [self.style(path) for path in styles]
        made, gain = self._made(notes, timbres, how, folder, watch)
        sound.write(out, made, gain, self._audio.sample_rate)

    def _made(
        self,
        notes: Signal,
        styles: list[Signal],
        how: How,
        folder: Path,
        watch: Watch = unwatched,
    ) -> tuple[Signal, float]:
        """What becomes of the notes, and the gain that makes it as loud as they are."""
        rms, peak = sound.rms_and_peak(notes)
        if peak < recordings.SILENCE:
            return notes, 0.0  # of silence nothing but silence can be made
        made = self.signal(notes, styles, how, folder, watch)
        got, top = sound.rms_and_peak(made)
        return made, min(rms / got, sound.LOUDEST / top) if got else 1.0

    def style(self, path: Path) -> Signal:
        """The loudest part of a style recording, at the level that models are used to.

        Raises:
            InputError: if it cannot be read or is too short.
        """
        heard = recordings.read(path, self._audio.sample_rate, READ)
        return loudest(heard, str(path), self._audio)

    @torch.inference_mode()
    def signal(
        self,
        content: Signal,
        styles: list[Signal],
        how: How,
        folder: Path,
        watch: Watch = unwatched,
    ) -> Signal:
        """The notes of `content` in the sound of the styles.

        Args:
            content: `(L,)` at any level, not silent.
            styles: one or two `(L',)`, as `style` returns them.
            how: to transfer.
            folder: for what is computed.
            watch: is told which share is done.

        Returns:
            `(L,)`, on disk in the folder, at about the level of the mel's settings.
        """
        torch.manual_seed(how.seed)
        audio = self._audio
        length = len(content)
        rms, peak = sound.rms_and_peak(content)
        gain = min(10 ** (audio.level_db / 20) / rms, sound.LOUDEST / peak)
        if length < audio.n_fft:  # the mel takes no less
            content = np.pad(content, (0, audio.n_fft - length))
        total = -(-(len(content) // audio.hop_length) // 8) * 8
        timbre = self._timbre(content, styles, how)

        mels = on_disk(folder / "mel.f32", (total, audio.n_mels))
        computed = self._models(content, gain, timbre, total, how.temperature)
        assemble(mels, watched(computed, total, watch, 0.0, 0.5), FADE)
        # zeros where the last hop is not a whole one
        made = on_disk(folder / "made.f32", (max(total * audio.hop_length, length),))
        heard = watched(self._vocoded(mels), total * audio.hop_length, watch, 0.5, 1.0)
        assemble(made, heard, JOINT * audio.hop_length)
        return made[:length]

    def _timbre(self, content: Signal, styles: list[Signal], how: How) -> Style:
        """What the styles sound like, and the content's own sound where the strength is less."""
        weights = [1.0] if len(styles) == 1 else [1 - how.mix, how.mix]
        if how.strength < 1:
            read = content[: round(READ * self._audio.sample_rate)]
            enough = np.resize(read, max(len(read), round(LEAST * self._audio.sample_rate)))
            styles = [*styles, loudest(enough, "the content", self._audio)]
            weights = [*(how.strength * weight for weight in weights), 1 - how.strength]
        heard = [
            self._model.timbre(torch.from_numpy(mel(clip, self._audio))[None].to(self._device))
            for clip in styles
        ]
        return heard[0] if len(heard) == 1 else mixed(heard, weights)

    def _models(
        self, content: Signal, gain: float, timbre: Style, total: int, temperature: float | None
    ) -> Iterator[tuple[int, Floats]]:
        """Where each window begins and what the model makes of it, `(T, M)` in dB."""
        for start in starts(total, WINDOW, OVERLAP):
            notes = window_mel(content, gain, start, min(start + WINDOW, total), self._audio)
            given = torch.from_numpy(notes)[None].to(self._device)
            if isinstance(self._model, glow.Model):
                made = self._model.transfer(given, timbre, temperature)
            else:
                made = self._model.transfer(given, timbre)
            yield start, made[0].T.cpu().numpy()

    def _vocoded(self, mels: Floats) -> Iterator[tuple[int, Floats]]:
        """Where, in samples, each window begins and its audio."""
        hop = self._audio.hop_length
        for start in starts(len(mels), VOCODED, HEARD):
            frames = np.array(mels[start : start + VOCODED]).T[None]  # a copy: torch writes to none
            given = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device)
            yield start * hop, decode(self._vocoder, given, given.shape[2] * hop)
