"""Loudness by EBU R128, measured by ffmpeg, whatever the length."""

import re
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from timbre.core import ffmpeg
from timbre.transfer.memmap import Floats
from timbre.transfer.streams import blocks

MAX_TRUE_PEAK = 10 ** (-1 / 20)  # EBU R128 (2020) asks for -1 dB at most
GATE_LUFS = -70.0  # below which R128 hears nothing
INTEGRATED = re.compile(r"I:\s+(-?[\d.]+) LUFS")
TRUE_PEAK_OVERSAMPLING = 4  # times, as ITU-R BS.1770-4 (annex 2) asks for


class Loudness(NamedTuple):
    """Loudness of a sound."""

    lufs: float | None  # integrated, to a tenth; None where it is too short or too soft for R128
    rms: float  # of its samples


def integrated(path: Path, length: int, channels: int, sample_rate: int) -> float | None:
    """Integrated loudness of bare samples on disk, in LUFS; None where R128 hears nothing.

    Args:
        path: of interleaved float32 numbers.
        length: samples of a channel that count.
        channels: 1 or 2.
        sample_rate: Hz.

    Raises:
        InputError: if ffmpeg is missing.
    """
    words = [
        *ffmpeg.samples(sample_rate, channels, f"file:{path}"),
        *("-filter:a", f"atrim=end_sample={length},ebur128=framelog=verbose", "-f", "null", "-"),
    ]
    result = ffmpeg.run(words, "measure loudness")
    if result.fault:
        raise OSError(f"ffmpeg: {result.fault}")
    lufs = float(INTEGRATED.findall(result.messages)[-1])
    return lufs if lufs > GATE_LUFS else None


def rms_and_true_peak(sound: Floats, sample_rate: int) -> tuple[float, float]:
    """Root mean square of a sound, and its true peak: that of what a converter makes of it.

    Args:
        sound: `(L, C)`, on disk or in memory.
        sample_rate: Hz.
    """
    stream = soxr.ResampleStream(
        sample_rate, TRUE_PEAK_OVERSAMPLING * sample_rate, sound.shape[1], dtype="float32"
    )
    power, peak = 0.0, 0.0
    for block in chain(blocks(sound), [np.zeros((0, sound.shape[1]))]):
        power += float(np.sum(block**2))
        between = stream.resample_chunk(np.asarray(block, np.float32), last=not len(block))
        peak = max(peak, *(float(np.abs(each).max(initial=0.0)) for each in (between, block)))
    return (power / max(1, sound.size)) ** 0.5, peak


def gain(output: Loudness, peak: float, content: Loudness, normalize: bool) -> float:
    """Gain that makes a sound as loud as another, or as loud as can be; never clipped.

    Args:
        output: the sound.
        peak: its true peak, full scale being 1.
        content: the other one. Where R128 hears one of them not, their root mean squares count.
        normalize: as loud as can be.
    """
    most = MAX_TRUE_PEAK / peak if peak else 1.0
    if normalize or not output.rms:
        return most
    if output.lufs is None or content.lufs is None:
        return min(content.rms / output.rms, most)
    return min(10 ** ((content.lufs - output.lufs) / 20), most)
