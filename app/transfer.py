"""Transfer of whole recordings, as loud as they were, from arrays or from files.

>>> from app.transfer import Transfer
>>> out = Transfer.load("glow")(content, style, sample_rate)

What is computed waits on disk in a temporary folder: 160 KB for each second, 350 KB in stereo.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import ArrayLike

from app import engine, loudness, midi_content, outputs, sound, styles
from app.disk import Floats
from app.engine import Engine, Model
from app.how import PLAIN, PLAINLY, Form, How
from app.loudness import Loudness
from app.timbres import Timbres
from app.watching import Watch, unwatched
from audio import recordings
from audio.benchmark import Signal
from audio.errors import InputError
from audio.params import Audio
from models import card, checkpoint, vocoder
from models.encoders import Style

WEIGHTS = Path(__file__).parents[1] / "weights"


class Made(NamedTuple):
    """What was written."""

    seconds: float
    sample_rate: int  # Hz
    channels: int
    content_lufs: float | None  # EBU R128; None where it is too short or soft to be measured
    gain_db: float  # that made it as loud


class Transfer:
    """A model and a vocoder, for recordings of any length.

    Args:
        computing: the engine.
    """

    def __init__(self, computing: Engine) -> None:
        self._engine, self._audio = computing, computing.audio
        self._timbres = Timbres(computing)

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
        return cls(Engine(model, voice, Audio.model_validate(mels[0]), device))

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
        parts = self._engine.timbres(styles.parts(sound_of, "the style", self._audio))
        timbre = self._timbres.between([parts], notes[:, None], how.checked())
        with TemporaryDirectory() as folder:
            notes.tofile(Path(folder) / sound.CONTENT)
            made, gain, _ = self._made(notes[:, None], timbre, how, Path(folder))
            out = soxr.resample(gain * made[:, 0], ours, sample_rate)[: len(clips[0])]
        return np.pad(out, (0, len(clips[0]) - len(out))).astype(np.float32)

    def file(
        self,
        content: Path,
        style: Path,
        out: Path,
        how: How = PLAINLY,
        blend: Path | None = None,
        watch: Watch = unwatched,
        form: Form = PLAIN,
    ) -> Made:
        """Write the notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: a recording of any length, or a MIDI file.
            style: a recording of half a second or more.
            out: in the format of its extension, one of `app.outputs`.
            how: to transfer; equal recordings and seeds give equal samples on one device.
            blend: a second style, of which `how.mix` is taken.
            watch: is told after each window which share is done; what it raises ends the transfer.
            form: of the file.

        Returns:
            What was written.

        Raises:
            InputError: if a recording cannot be used or `out` not be written.
        """
        outputs.checked(out, form.sample_rate or self._audio.sample_rate)
        heard = [style] if blend is None else [style, blend]
        if out.resolve() in [path.resolve() for path in (content, *heard)]:
            raise InputError(
                f"expected an output of its own, {out} is also an input; please give another name."
            )
        try:
            with TemporaryDirectory() as folder:
                return self._file(content, heard, out, how.checked(), form, Path(folder), watch)
        except (OSError, soundfile.LibsndfileError) as error:
            raise InputError(
                f"expected to write {out}: {error}; please mend that or give another name."
            ) from error

    def style(self, path: Path) -> Signal:
        """The loudest part of a style recording, at the level that models are used to.

        Raises:
            InputError: if it cannot be read or is too short.
        """
        return styles.parts(styles.read(path, self._audio), str(path), self._audio, most=1)[0]

    def _file(
        self,
        content: Path,
        heard: list[Path],
        out: Path,
        how: How,
        form: Form,
        folder: Path,
        watch: Watch,
    ) -> Made:
        ours, rate = self._audio.sample_rate, form.sample_rate or self._audio.sample_rate
        if midi_content.is_midi(content):
            notes = midi_content.play(content, self._audio, folder)
        else:
            notes = sound.read(content, ours, folder, form.stereo)
        timbre = self._timbres.between([self._timbres.of(path) for path in heard], notes, how)
        made, gain, lufs = self._made(notes, timbre, how, folder, watch, form.normalize)
        outputs.write(out, made, gain, ours, rate)
        return Made(
            seconds=round(len(made) * rate / ours) / rate,
            sample_rate=rate,
            channels=made.shape[1],
            content_lufs=lufs,
            gain_db=round(20 * math.log10(gain), 2) if gain else 0.0,
        )

    def _made(
        self,
        notes: Floats,
        timbre: Style,
        how: How,
        folder: Path,
        watch: Watch = unwatched,
        normalize: bool = False,
    ) -> tuple[Floats, float, float | None]:
        """What becomes of the notes, the gain that makes it as loud as they are, and their LUFS."""
        rms, peak = sound.rms_and_peak(notes)
        if peak < recordings.SILENCE:
            return notes, 0.0, None  # of silence nothing but silence can be made
        size = (*notes.shape, self._audio.sample_rate)
        with ThreadPoolExecutor(1) as aside:
            measuring = aside.submit(loudness.integrated, folder / sound.CONTENT, *size)
            made = self._engine.channels(notes, timbre, how, folder, watch)
            measured = aside.submit(loudness.integrated, folder / engine.MADE, *size)
            wanted = Loudness(measuring.result(), rms)
            level, _ = sound.rms_and_peak(made)
            peak = loudness.true_peak(made, self._audio.sample_rate)
            found = Loudness(measured.result(), level)
        return made, loudness.gain(found, peak, wanted, normalize), wanted.lufs
