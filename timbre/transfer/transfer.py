"""Transfer of whole recordings, as loud as they were, from arrays or from files.

>>> from timbre.transfer.transfer import Transfer
>>> out = Transfer.load("glow")(content, style, sample_rate)

What is computed waits on disk in a temporary folder: 160 KB for each second, 350 KB in stereo.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import ArrayLike

from timbre.core.files import apart
from timbre.core.signal import SILENCE_PEAK, Signal, without_rumble
from timbre.models import shipped
from timbre.runtime import loading
from timbre.transfer import (
    arrays,
    engine,
    loudness,
    midi_content,
    sounds,
    streams,
    strength,
    styles,
    writing,
)
from timbre.transfer.engine import Engine, Style
from timbre.transfer.loudness import Loudness
from timbre.transfer.progress import ProgressCallback, no_progress
from timbre.transfer.scratch_folder import temporary_folder, unwritten
from timbre.transfer.settings import (
    DEFAULT_FORMAT,
    DEFAULT_SETTINGS,
    OutputFormat,
    TransferSettings,
)
from timbre.transfer.sounds import Sound
from timbre.transfer.style_cache import StyleCache

WHOLE_FILE = "whole.f32"  # the file of a content at the rate of the output


class Written(NamedTuple):
    """Report of a file that was written."""

    seconds: float
    sample_rate: int  # Hz
    channels: int
    content_lufs: float | None  # EBU R128; None where it is too short or soft to be measured
    gain_db: float  # that made it as loud
    remarks: tuple[str, ...] = ()  # what of the content is not played, a line each


class Transfer:
    """A model and a vocoder, for recordings of any length.

    Args:
        computing: the engine.
    """

    def __init__(self, computing: Engine) -> None:
        self._engine, self._audio = computing, computing.audio
        self._styles = StyleCache(computing)
        self._lock = Lock()  # a transfer computes on all cores

    @classmethod
    def load(
        cls,
        name: str,
        weights: Path = shipped.FOLDER,
        device: str | None = None,
        backend: str | None = None,
    ) -> Self:
        """The model of that name and the vocoder in a folder.

        Args:
            name: of the model, one of `timbre.models.shipped.transfer_models(weights)`.
            weights: the folder, those that ship unless given.
            device: `cpu`, or one of PyTorch's, which then computes.
            backend: `onnx` or `torch`; unless given ONNX Runtime where exported graphs lie beside
                the weights and the device is the CPU, else PyTorch.

        Raises:
            InputError: if they are missing, others than their cards say, or of different mels.
        """
        return cls(Engine(loading.load(name, weights, device, backend)))

    @property
    def unfitted(self) -> bool:
        """Whether the model was made to fit a style to its clip, which this backend leaves out."""
        return self._engine.backend.unfitted

    def __call__(
        self,
        content: ArrayLike,
        style: ArrayLike,
        sample_rate: int,
        settings: TransferSettings = DEFAULT_SETTINGS,
        blend: ArrayLike | None = None,
        watch: ProgressCallback = no_progress,
    ) -> Signal:
        """The notes of `content` in the sound of `style`, as long and as loud as `content`.

        Random generators and the number of threads stay as they were; calls from several threads
        are done one after the other.

        Args:
            content: floats in [-1, 1], `(L,)` or `(C, L)`, as an array or a tensor.
            style: `(L',)` or `(C', L')`, half a second or more.
            sample_rate: Hz, of all clips and of the result.
            settings: of the transfer.
            blend: a second style, of which `settings.mix` is taken.
            watch: is told after each window which share is done; what it raises ends the transfer.

        Returns:
            Float32 in the shape of `content`.

        Raises:
            InputError: if a clip cannot be used.
        """
        ours = self._audio.sample_rate
        arrays.check_rate(sample_rate)
        given = arrays.channels(content, "content")
        clips = [arrays.channels(style, "style")]
        if blend is not None:
            clips.append(arrays.channels(blend, "second style"))
        notes = without_rumble(soxr.resample(given.T, sample_rate, ours), ours).astype(np.float32)
        with self._lock, temporary_folder() as folder:
            heard = []
            for sound in clips:
                clip = soxr.resample(arrays.mono(sound, sample_rate), sample_rate, ours)
                clip = without_rumble(clip, ours).astype(np.float32)
                heard.append(self._engine.timbres(styles.parts(clip, "the style", self._audio)))
            dry = source = Sound.kept(notes, folder / streams.CONTENT_FILE, ours)
            if settings.strength < 1 and sample_rate != ours:
                whole = without_rumble(given.T, sample_rate).astype(np.float32)
                dry = Sound.kept(whole, folder / WHOLE_FILE, sample_rate)
            timbre = self._styles.blend(heard, settings)
            made, gain, _ = self._made(source, dry, timbre, settings, folder, watch)
            played = gain * np.asarray(made.samples)
            output = soxr.resample(played, made.sample_rate, sample_rate)[: given.shape[1]].T
        output = np.pad(output, [(0, 0), (0, given.shape[1] - output.shape[1])])
        return output.astype(np.float32).reshape(np.shape(content))

    def file(
        self,
        content: Path,
        style: Path,
        out: Path,
        settings: TransferSettings = DEFAULT_SETTINGS,
        blend: Path | None = None,
        watch: ProgressCallback = no_progress,
        output_format: OutputFormat = DEFAULT_FORMAT,
    ) -> Written:
        """Write the notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: a recording of any length, or a MIDI file.
            style: a recording of half a second or more.
            out: in the format of its extension, one of `timbre.transfer.writing`.
            settings: of the transfer; equal recordings and seeds give equal samples on one device.
            blend: a second style, of which `settings.mix` is taken.
            watch: is told after each window which share is done; what it raises ends the transfer.
            output_format: of the file.

        Returns:
            What was written.

        Raises:
            InputError: if a recording cannot be used or `out` not be written.
        """
        writing.checked(out, output_format.sample_rate or self._audio.sample_rate)
        heard = [style] if blend is None else [style, blend]
        apart(out, (content, *heard))
        try:
            with self._lock, temporary_folder() as folder:
                return self._file(content, heard, out, settings, output_format, folder, watch)
        except (OSError, soundfile.LibsndfileError) as error:
            raise unwritten(out, error) from error

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
        settings: TransferSettings,
        output_format: OutputFormat,
        folder: Path,
        watch: ProgressCallback,
    ) -> Written:
        ours, rate = self._audio.sample_rate, output_format.sample_rate or self._audio.sample_rate
        remarks: tuple[str, ...] = ()
        if midi_content.is_midi(content):
            notes, remarks = midi_content.play(content, self._audio, folder, output_format.stereo)
        else:
            notes = streams.read(content, ours, folder, output_format.stereo)
        source = dry = Sound(notes, folder / streams.CONTENT_FILE, ours)
        if settings.strength < 1:
            dry = sounds.whole(content, source, rate, folder)
        timbre = self._styles.blend([self._styles.get(path) for path in heard], settings)
        made, gain, lufs = self._made(
            source, dry, timbre, settings, folder, watch, output_format.normalize
        )
        writing.write(out, made.samples, gain, made.sample_rate, rate)
        return Written(
            seconds=round(len(made.samples) * rate / made.sample_rate) / rate,
            sample_rate=rate,
            channels=made.samples.shape[1],
            content_lufs=lufs,
            gain_db=round(20 * math.log10(gain), 2) if gain else 0.0,
            remarks=remarks,
        )

    def _made(
        self,
        source: Sound,
        dry: Sound,
        timbre: Style,
        settings: TransferSettings,
        folder: Path,
        watch: ProgressCallback = no_progress,
        normalize: bool = False,
    ) -> tuple[Sound, float, float | None]:
        """What becomes of a content, the gain that makes it as loud, and the content's LUFS.

        Args:
            source: the content at the models' rate.
            dry: it at the rate at which it is blended with what is made of it.
            timbre: the sound that it gets.
            settings: of the transfer.
            folder: for what is computed.
            watch: is told which share is done.
            normalize: as loud as goes.
        """
        _, peak = streams.rms_and_peak(source.samples)
        if peak < SILENCE_PEAK:
            return source, 0.0, None  # of silence nothing but silence can be made
        with ThreadPoolExecutor(1) as aside:
            measuring = aside.submit(dry.lufs)
            if settings.strength == 0:
                made = dry
                watch(1.0)
            else:
                wet = self._engine.channels(source.samples, timbre, settings, folder, watch)
                made = Sound(wet, folder / engine.RESULT_FILE, source.sample_rate)
            if 0 < settings.strength < 1:
                made = strength.between(dry, made, settings.strength, self._audio.f_max, folder)
            measured = measuring if made is dry else aside.submit(made.lufs)
            wanted = Loudness(measuring.result(), streams.rms_and_peak(dry.samples)[0])
            level, _ = streams.rms_and_peak(made.samples)
            peak = loudness.true_peak(made.samples, made.sample_rate)
            found = Loudness(measured.result(), level)
        return made, loudness.gain(found, peak, wanted, normalize), wanted.lufs
