"""Transfer of whole recordings, as loud as they were, from arrays or from files.

>>> from timbre import Transfer
>>> out = Transfer.load("glow")(content, style, sample_rate)

What is computed waits on disk in a temporary folder: 160 KB for each second, 350 KB in stereo.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
import soundfile
import soxr
from numpy.typing import ArrayLike

from timbre.core.errors import InputError
from timbre.core.files import apart
from timbre.core.signal import Signal, without_rumble
from timbre.models import shipped
from timbre.runtime import loading
from timbre.transfer import arrays, midi_content, sounds, streams, styles, writing
from timbre.transfer.engine import Engine
from timbre.transfer.progress import ProgressCallback, no_progress
from timbre.transfer.results import TransferReport, TransferResult, render
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

AnyPath = str | PathLike[str]


class Transfer:
    """A model and a vocoder, for recordings of any length; made by `load`.

    Args:
        engine: that computes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._audio = engine, engine.audio
        self._styles = StyleCache(engine)
        self._lock = Lock()  # a transfer computes on all cores

    @staticmethod
    def names(weights: AnyPath = shipped.FOLDER) -> tuple[str, ...]:
        """Names of the models that `load` takes; the first is the default.

        Args:
            weights: folder of models or checkpoints; those that ship unless given.
        """
        return shipped.transfer_models(Path(weights))

    @classmethod
    def load(
        cls,
        name: str | None = None,
        weights: AnyPath = shipped.FOLDER,
        device: str | None = None,
        backend: str | None = None,
    ) -> Self:
        """The model of that name and the vocoder in a folder.

        Args:
            name: of the model, one of `names(weights)`; the first unless given.
            weights: the folder, those that ship unless given.
            device: `cpu`, or one of PyTorch's, which then computes.
            backend: `onnx` or `torch`; unless given ONNX Runtime where exported graphs lie beside
                the weights and the device is the CPU, else PyTorch.

        Raises:
            InputError: if they are missing, others than their cards say, or of different mels.
        """
        names = cls.names(weights)
        if not names or name not in (None, *names):
            raise InputError(
                f"expected a model that transfers in {weights}, which has "
                f"{', '.join(names) or 'none'}, got {name!r}; please name one that is there."
            )
        return cls(Engine(loading.load(name or names[0], Path(weights), device, backend)))

    @property
    def sample_rate(self) -> int:
        """The model's own sample rate in Hz, above half of which it makes nothing."""
        return self._audio.sample_rate

    @property
    def skips_fitting(self) -> bool:
        """Whether the model was made to fit a style to its clip, which this backend leaves out."""
        return self._engine.backend.skips_fitting

    def __call__(
        self,
        content: ArrayLike,
        style: ArrayLike,
        sample_rate: int,
        settings: TransferSettings = DEFAULT_SETTINGS,
        blend: ArrayLike | None = None,
        progress: ProgressCallback = no_progress,
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
            progress: is told after each window which share is done; what it raises ends the
                transfer.

        Returns:
            Float32 in the shape of `content`.

        Raises:
            InputError: if a clip cannot be used.
        """
        own_rate = self.sample_rate
        arrays.check_rate(sample_rate)
        channels = arrays.channels(content, "content")
        clips = [arrays.channels(style, "style")]
        if blend is not None:
            clips.append(arrays.channels(blend, "second style"))
        resampled = soxr.resample(channels.T, sample_rate, own_rate)
        notes = without_rumble(resampled, own_rate).astype(np.float32)
        with self._lock, temporary_folder() as folder:
            sounds_parts = []
            for sound in clips:
                clip = soxr.resample(arrays.mono(sound, sample_rate), sample_rate, own_rate)
                clip = without_rumble(clip, own_rate).astype(np.float32)
                parts = styles.parts(clip, "the style", self._audio)
                sounds_parts.append(self._engine.styles(parts))
            source = Sound.from_samples(notes, folder / streams.CONTENT_FILE, own_rate)
            dry = source
            if settings.strength < 1 and sample_rate != own_rate:
                whole = without_rumble(channels.T, sample_rate).astype(np.float32)
                dry = Sound.from_samples(whole, folder / WHOLE_FILE, sample_rate)
            mean = self._styles.blend(sounds_parts, settings)
            output, gain, _ = render(self._engine, source, dry, mean, settings, folder, progress)
            leveled = gain * np.asarray(output.samples)
            result = soxr.resample(leveled, output.sample_rate, sample_rate)
        result = result[: channels.shape[1]].T
        result = np.pad(result, [(0, 0), (0, channels.shape[1] - result.shape[1])])
        return result.astype(np.float32).reshape(np.shape(content))

    def file(
        self,
        content: AnyPath,
        style: AnyPath,
        out: AnyPath,
        settings: TransferSettings = DEFAULT_SETTINGS,
        blend: AnyPath | None = None,
        progress: ProgressCallback = no_progress,
        output_format: OutputFormat = DEFAULT_FORMAT,
    ) -> TransferReport:
        """Write the notes of `content` in the sound of `style`, as long and as loud as `content`.

        Args:
            content: a recording of any length, or a MIDI file.
            style: a recording of half a second or more.
            out: in the format of its extension, one of `timbre.transfer.writing`.
            settings: of the transfer; equal recordings and seeds give equal samples on one device.
            blend: a second style, of which `settings.mix` is taken.
            progress: is told after each window which share is done; what it raises ends the
                transfer.
            output_format: of the file.

        Returns:
            What was written.

        Raises:
            InputError: if a recording cannot be used or `out` not be written.
        """
        inputs = [Path(path) for path in (content, style, blend) if path is not None]
        sample_rate = output_format.sample_rate or self.sample_rate
        path = apart(writing.checked(Path(out), sample_rate), inputs)
        try:
            with self.result(content, style, settings, blend, progress, output_format) as result:
                return result.write(path, sample_rate)
        except (OSError, soundfile.LibsndfileError) as error:
            raise unwritten(path, error) from error

    @contextmanager
    def result(
        self,
        content: AnyPath,
        style: AnyPath,
        settings: TransferSettings = DEFAULT_SETTINGS,
        blend: AnyPath | None = None,
        progress: ProgressCallback = no_progress,
        output_format: OutputFormat = DEFAULT_FORMAT,
    ) -> Iterator[TransferResult]:
        """Transfer recordings, and keep the result on disk for as long as the context lasts.

        Args:
            content: see `file`, as for all others.
            style: see there.
            settings: see there.
            blend: see there.
            progress: see there.
            output_format: see there.

        Raises:
            InputError: if a recording cannot be used.
            OSError: if there is no room in the temporary folder.
        """
        own_rate, content = self.sample_rate, Path(content)
        paths = [Path(path) for path in (style, blend) if path is not None]
        remarks: tuple[str, ...] = ()
        with self._lock, temporary_folder() as folder:
            if midi_content.is_midi(content):
                notes, remarks = midi_content.play(
                    content, self._audio, folder, output_format.stereo
                )
            else:
                notes = streams.read(content, own_rate, folder, output_format.stereo)
            source = dry = Sound(notes, folder / streams.CONTENT_FILE, own_rate)
            if settings.strength < 1:
                rate = output_format.sample_rate or own_rate
                dry = sounds.whole(content, source, rate, folder)
            recordings = [self._styles.get(path) for path in paths]
            mean = self._styles.blend([recording.parts for recording in recordings], settings)
            rendered = render(
                self._engine, source, dry, mean, settings, folder, progress,
                output_format.normalize,
            )  # fmt: skip
            yield TransferResult(source, recordings[0].loudest, rendered, remarks)
