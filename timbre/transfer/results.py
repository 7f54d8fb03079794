"""Results of transfers: what a model made of a content, as loud as it is asked for, on disk."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from timbre.core.signal import SILENCE_PEAK, Signal, resampled
from timbre.transfer import arrays, engine, envelope, loudness, strength, writing
from timbre.transfer.engine import Engine, Style
from timbre.transfer.loudness import Loudness
from timbre.transfer.progress import ProgressCallback
from timbre.transfer.settings import TransferSettings
from timbre.transfer.sounds import Sound


class TransferReport(NamedTuple):
    """Report of a file that was written."""

    seconds: float
    sample_rate: int  # Hz
    channels: int
    content_lufs: float | None  # EBU R128; None where it is too short or soft to be measured
    gain_db: float  # that made it as loud
    remarks: tuple[str, ...] = ()  # what of the content is not played, a line each


class Rendered(NamedTuple):
    """Output of a transfer and how loud it is to be."""

    output: Sound
    gain: float  # that the output is to be multiplied by
    content_lufs: float | None


class TransferResult(NamedTuple):
    """Result of a transfer, which lasts as long as the temporary folder that it lies in."""

    content: Sound  # at the models' rate
    style: Signal  # (L,): the loudest part of the style, at the models' rate and level
    rendered: Rendered
    remarks: tuple[str, ...] = ()  # what of the content is not played, a line each

    def clips(self) -> tuple[Signal, Signal]:
        """Content and output as loud as it is to be, in mono at the models' rate, in memory."""
        sample_rate = self.content.sample_rate
        sounds = ((self.content, 1.0), (self.rendered.output, self.rendered.gain))
        content, output = (
            resampled(
                np.float32(gain) * arrays.mono(np.asarray(sound.samples).T, sound.sample_rate),
                sound.sample_rate,
                sample_rate,
            )
            for sound, gain in sounds
        )
        return content, output

    def write(self, path: Path, sample_rate: int) -> TransferReport:
        """Write the output whole or not at all.

        Args:
            path: as `timbre.transfer.writing.checked` returned it.
            sample_rate: Hz, of the file.

        Raises:
            InputError: if ffmpeg is needed and missing.
            OSError: if it cannot be written.
        """
        output, gain, content_lufs = self.rendered
        writing.write(path, output.samples, gain, output.sample_rate, sample_rate)
        return TransferReport(
            seconds=round(len(output.samples) * sample_rate / output.sample_rate) / sample_rate,
            sample_rate=sample_rate,
            channels=output.samples.shape[1],
            content_lufs=content_lufs,
            gain_db=round(20 * math.log10(gain), 2) if gain else 0.0,
            remarks=self.remarks,
        )


def render(
    computing: Engine,
    source: Sound,
    dry: Sound,
    style: Style,
    settings: TransferSettings,
    folder: Path,
    progress: ProgressCallback,
    normalize: bool = False,
) -> Rendered:
    """Let a model transfer a content, and find the gain that makes the output as loud.

    Args:
        computing: the engine.
        source: the content at the models' rate.
        dry: it at the rate at which it is blended with what is made of it.
        style: the sound that it gets.
        settings: of the transfer.
        folder: for what is computed.
        progress: is told which share is done.
        normalize: as loud as goes, instead of as the content is.
    """
    if source.level.peak < SILENCE_PEAK:
        return Rendered(source, 0.0, None)  # of silence nothing but silence can be made
    with ThreadPoolExecutor(1) as aside:
        dry_lufs = aside.submit(dry.lufs)
        output = dry
        if settings.strength == 0:
            progress(1.0)
        else:
            wet = computing.channels(source, style, settings, folder, progress)
            output = Sound(wet, folder / engine.RESULT_FILE, source.sample_rate)
            if settings.dynamics < 1:
                output = envelope.interpolate(source, output, settings.dynamics, folder)
        if 0 < settings.strength < 1:
            top = computing.audio.f_max
            output = strength.interpolate(dry, output, settings.strength, top, folder)
        lufs = dry_lufs if output is dry else aside.submit(output.lufs)
        rms, peak = loudness.rms_and_true_peak(output.samples, output.sample_rate)
        content = Loudness(dry_lufs.result(), dry.level.rms)
        gain = loudness.gain(Loudness(lufs.result(), rms), peak, content, normalize)
    return Rendered(output, gain, content.lufs)
