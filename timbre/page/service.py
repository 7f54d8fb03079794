"""Service behind the web page: two uploads and settings become a recording."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Lock
from typing import NamedTuple

import numpy as np
import soundfile

from timbre.audio import pictures
from timbre.audio.mel import mel_spectrogram
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import SILENCE_PEAK, Signal, at_level
from timbre.models import card, registry, shipped
from timbre.models.description import description
from timbre.page.limits import DEFAULT_LIMITS, Limits, checked
from timbre.transfer import midi_content, streams
from timbre.transfer.midi_content import is_midi
from timbre.transfer.progress import ProgressCallback, no_progress
from timbre.transfer.settings import DEFAULT_SETTINGS, TransferSettings
from timbre.transfer.styles import MIN_PART_SECONDS
from timbre.transfer.transfer import Transfer

SPECTROGRAM_SECONDS = 8.0  # s, of each spectrogram
NAME_LENGTH = 25  # characters of an upload's name that the result's name takes


class Made(NamedTuple):
    """Result of a transfer."""

    out: Path  # WAV
    spectrograms: tuple[bytes, bytes, bytes]  # of content, style and result, as PNG
    remarks: tuple[str, ...] = ()  # what of the content is not played, a sentence each


class TransferService:
    """The models, each loaded when it is first wanted and then kept; one transfer at a time.

    Args:
        weights: their folder.
        folder: for what is made, a new folder in it each time; clearing it is up to the caller.
        limits: of uploads.

    Raises:
        InputError: if weights are missing or others than their cards say.
    """

    def __init__(self, weights: Path, folder: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._weights, self._folder, self._limits = weights, folder, limits
        self.models = shipped.transfer_models(weights)
        if not self.models:
            raise InputError(
                f"expected trained weights of a model that transfers in {weights}, found none; "
                "please name another folder with --weights."
            )
        for name in self.models:
            card.verified(weights, name)
        described = description(card.verified(weights, "vocoder"))
        self.audio = Audio.model_validate(described["audio"])
        self._loaded: dict[str, Transfer] = {}
        self._lock = Lock()  # torch's one generator is seeded for each transfer

    def default_temperature(self, name: str) -> float | None:
        """The temperature that a model was trained for; None for one that draws nothing."""
        if "temperature" not in (registry.transfer_options(name) or ()):
            return None
        described = description(shipped.weights_path(self._weights, name))
        return float(described["network"]["temperature"])

    def __call__(
        self,
        content: Path | None,
        style: Path | None,
        model: str,
        settings: TransferSettings,
        blend: Path | None = None,
        watch: ProgressCallback = no_progress,
    ) -> Made:
        """The notes of `content` in the sound of `style`: what `timbre transfer` writes.

        Args:
            content: an upload, None if there is none.
            style: another.
            model: name of the model, one of `models`.
            settings: of the transfer; what the model does not know does not count.
            blend: a second style, if any.
            watch: is told which share is done; what it raises ends the transfer.

        Raises:
            InputError: if something cannot be used; it names uploads by their names, not paths.
        """
        if model not in self.models:
            raise InputError(
                f"expected one of the models {', '.join(self.models)}, got {model!r}; "
                "please choose one of these."
            )
        given = [path for path in (content, style, blend) if path is not None]
        try:
            notes_of = checked(content, "content", self._limits)
            sound_of = checked(style, "style", self._limits, MIN_PART_SECONDS)
            if blend is not None:
                checked(blend, "second style", self._limits, MIN_PART_SECONDS)
            with self._lock, TemporaryDirectory(dir=self._folder) as scratch:
                return self._made(notes_of, sound_of, model, settings, blend, watch, Path(scratch))
        except InputError as error:
            # what ffmpeg said is for who runs a command
            sentence = re.sub(r" \(ffmpeg: .*\)(?=; please)", "", str(error))
            for path in given:
                sentence = sentence.replace(str(path), path.name)
            raise InputError(sentence) from error

    def _made(
        self,
        content: Path,
        style: Path,
        model: str,
        settings: TransferSettings,
        blend: Path | None,
        watch: ProgressCallback,
        scratch: Path,
    ) -> Made:
        watch(0.0)
        rate = self.audio.sample_rate
        if is_midi(content):
            notes = midi_content.play(content, self.audio, scratch)[0][:, 0]
        else:
            notes = streams.read(content, rate, scratch)[:, 0]
        if streams.rms_and_peak(notes)[1] < SILENCE_PEAK:
            raise InputError(f"expected sound, {content} is silent; please take another recording.")
        transfer = self._transfer(model)
        made = scratch / "out.wav"
        written = transfer.file(content, style, made, settings, blend, watch)
        # of the content and of the result the same, from where there is something to hear
        start = int(np.argmax(np.abs(notes) > SILENCE_PEAK))
        result, _ = soundfile.read(made, round(SPECTROGRAM_SECONDS * rate), start, dtype="float32")
        shown = (notes[start:], transfer.style(style), result)
        content_png, style_png, result_png = (self._spectrogram(clip) for clip in shown)
        names = f"{content.stem[:NAME_LENGTH]} as {style.stem[:NAME_LENGTH]}"
        name = f"{names}, {_told(model, settings, blend)}.wav"
        out = Path(mkdtemp(dir=self._folder)) / name
        made.rename(out)
        remarks = tuple(each.replace(str(content), content.name) for each in written.remarks)
        return Made(out, (content_png, style_png, result_png), remarks)

    def _transfer(self, name: str) -> Transfer:
        if name not in self._loaded:
            self._loaded[name] = Transfer.load(name, self._weights)
        return self._loaded[name]

    def _spectrogram(self, clip: Signal) -> bytes:
        """Of the beginning, at one level for all, so that pictures can be compared."""
        shown = clip[: round(SPECTROGRAM_SECONDS * self.audio.sample_rate)].astype(np.float64)
        short = max(0, self.audio.n_fft - len(shown))
        leveled = at_level(np.pad(shown, (0, short)), self.audio.level_db)
        return pictures.side_by_side([[mel_spectrogram(leveled, self.audio)]], self.audio)


def _told(model: str, settings: TransferSettings, blend: Path | None) -> str:
    """Settings that made a result, for its name: the model, and what is not as it is by default."""
    options = registry.transfer_options(model) or ()
    told = [model]
    if settings.strength != DEFAULT_SETTINGS.strength:
        told.append(f"strength {settings.strength:g}")
    if blend is not None:
        told.append(f"mix {settings.mix:g}")
    if "temperature" in options:
        told += (
            [f"temperature {settings.temperature:g}"] if settings.temperature is not None else []
        )
        told.append(f"seed {settings.seed}")
    return ", ".join(told)
