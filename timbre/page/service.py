"""Service behind the web page: two uploads and settings become a recording."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Lock
from typing import Any, NamedTuple

import soundfile

from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import SILENCE_PEAK
from timbre.models import card, registry, shipped
from timbre.models.description import description
from timbre.page import hints
from timbre.page.limits import DEFAULT_LIMITS, Limits, checked
from timbre.page.previews import pitches, preview
from timbre.transfer import writing
from timbre.transfer.progress import ProgressCallback, no_progress
from timbre.transfer.results import TransferReport
from timbre.transfer.scratch_folder import unwritten
from timbre.transfer.settings import (
    DEFAULT_FORMAT,
    DEFAULT_SETTINGS,
    OutputFormat,
    TransferSettings,
)
from timbre.transfer.styles import MIN_PART_SECONDS
from timbre.transfer.transfer import Transfer

PREVIEWED = ("sound", "picture")  # files of a clip that the player shows
NAME_LENGTH = 25  # characters of an upload's name that the result's name takes


class Made(NamedTuple):
    """Result of a transfer."""

    out: Path
    caption: str  # what was made of what, and with which settings
    clips: list[dict[str, Any]]  # previews of content, style and result
    pitches: list[tuple[str, float]]  # marks beside their spectrograms
    remarks: tuple[str, ...] = ()  # hints, and what of the content is not played, a sentence each


class UploadError(InputError):
    """An upload or setting that cannot be used, at its field.

    Attributes:
        field: content, style, blend or settings.
    """

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class TransferService:
    """The models, each loaded when it is first wanted and then kept; one transfer at a time.

    Args:
        weights: their folder.
        folder: of uploads, and for what is made, a new folder in it each time; clearing it is up
            to the caller.
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
        output_format: OutputFormat = DEFAULT_FORMAT,
        suffix: str = ".wav",
    ) -> Made:
        """The notes of `content` in the sound of `style`: what `timbre transfer` writes.

        Args:
            content: an upload, None if there is none.
            style: another.
            model: name of the model, one of `models`.
            settings: of the transfer; what the model does not know does not count.
            blend: a second style, if any.
            watch: is told which share is done; what it raises ends the transfer.
            output_format: of the file.
            suffix: of the file, which says its format.

        Raises:
            UploadError: if something cannot be used; it names uploads by their names, not paths.
        """
        if model not in self.models:
            raise UploadError(
                f"expected one of the models {', '.join(self.models)}, got {model!r}; "
                "please choose one of these.",
                "settings",
            )
        given = {"content": content, "style": style, "blend": blend}
        try:
            notes_of = checked(content, "content", self._limits)
            sound_of = checked(style, "style", self._limits, MIN_PART_SECONDS)
            if blend is not None:
                checked(blend, "second style", self._limits, MIN_PART_SECONDS)
            with self._lock, TemporaryDirectory(dir=self._folder) as scratch:
                sources = _Sources(notes_of, sound_of, blend)
                return self._made(
                    sources, model, settings, watch, Path(scratch), output_format, suffix
                )
        except InputError as error:
            # what ffmpeg said is for who runs a command
            sentence = re.sub(r" \(ffmpeg: .*\)(?=; please)", "", str(error))
            field = "settings"
            for role, path in reversed(given.items()):
                if (
                    path is not None and path.name in sentence
                ) or f"a recording as {role}," in sentence:
                    field = role
            for path in filter(None, given.values()):
                sentence = sentence.replace(str(path), path.name)
            raise UploadError(sentence, field) from error

    def _made(
        self,
        sources: "_Sources",
        model: str,
        settings: TransferSettings,
        watch: ProgressCallback,
        scratch: Path,
        output_format: OutputFormat,
        suffix: str,
    ) -> Made:
        content, style, blend = sources
        watch(0.0)
        rate = self.audio.sample_rate
        file_rate = output_format.sample_rate or rate
        path = writing.checked(scratch / f"out{suffix}", file_rate)
        try:
            with self._transfer(model).result(
                content, style, settings, blend, watch, output_format
            ) as result:
                if result.content.level.peak < SILENCE_PEAK:
                    raise InputError(
                        f"expected sound, {content} is silent; please take another recording."
                    )
                report = result.write(path, file_rate)
                (notes, output), sound = result.clips(), result.style
        except (OSError, soundfile.LibsndfileError) as error:
            raise unwritten(path, error) from error
        said = hints.hints(hints.hear(notes, rate), hints.hear(sound, rate))
        told = _told(model, settings, blend)
        names = f"{content.stem[:NAME_LENGTH]} as {style.stem[:NAME_LENGTH]}"
        place = Path(mkdtemp(dir=self._folder))
        clips = [
            preview(notes, f"Content: {content.name}", "content", place, self.audio),
            preview(sound, f"Style: {style.name}", "style", place, self.audio),
            preview(output, "Result", "result", place, self.audio),
        ]
        out = place / f"{names}, {told}{suffix}"
        path.rename(out)
        remarks = (each.replace(str(content), content.name) for each in report.remarks)
        caption = f"{content.stem} as {style.stem}: {told}, {_format(report)}"
        return Made(out, caption, clips, pitches(self.audio), (*said, *remarks))

    def owns_result(self, result: Any) -> bool:
        """Whether all files of a result, as a browser names it, are there and were made here."""
        try:
            named = [{"path": result["file"]}]
            named += [{"path": clip[kind]} for clip in result["clips"] for kind in PREVIEWED]
        except (TypeError, KeyError):
            return False
        return all(map(self.owns, named))

    def owns(self, file: Any) -> bool:
        """Whether a file, as a browser names it, is there and was uploaded or made here."""
        try:
            path = Path(file["path"]).resolve()
            return path.is_relative_to(self._folder.resolve()) and path.is_file()
        except (TypeError, KeyError, ValueError, OSError):
            return False

    def _transfer(self, name: str) -> Transfer:
        if name not in self._loaded:
            self._loaded[name] = Transfer.load(name, self._weights)
        return self._loaded[name]


class _Sources(NamedTuple):
    content: Path
    style: Path
    blend: Path | None


def _format(report: TransferReport) -> str:
    """What a file is, for its caption."""
    channels = "stereo" if report.channels == 2 else "mono"
    return f"{report.sample_rate / 1000:g} kHz {channels}"


def _told(model: str, settings: TransferSettings, blend: Path | None) -> str:
    """Settings that made a result, for its name: the model, and what is not as it is by default."""
    options = registry.transfer_options(model) or ()
    told = [model]
    if settings.strength != DEFAULT_SETTINGS.strength:
        told.append(f"strength {settings.strength:g}")
    if settings.dynamics != DEFAULT_SETTINGS.dynamics:
        told.append(f"dynamics {settings.dynamics:g}")
    if blend is not None:
        told.append(f"mix {settings.mix:g}")
    if "temperature" in options:
        told += (
            [f"temperature {settings.temperature:g}"] if settings.temperature is not None else []
        )
        told.append(f"seed {settings.seed}")
    return ", ".join(told)
