"""How loud a sound is to ears: EBU R128, measured by ffmpeg, whatever the length."""

import re
import subprocess
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from timbre.core.errors import InputError
from timbre.transfer.memmap import Floats
from timbre.transfer.streams import blocks

CEILING = 10 ** (-1 / 20)  # true peak: EBU R128 (2020) asks for -1 dB at most
GATE = -70.0  # LUFS, below which R128 hears nothing
INTEGRATED = re.compile(r"I:\s+(-?[\d.]+) LUFS")
OVERSAMPLED = 4  # times, as ITU-R BS.1770-4 (annex 2) asks for


class Loudness(NamedTuple):
    """How loud a sound is."""

    lufs: float | None  # integrated, to a tenth; None where it is too short or too soft for R128
    rms: float  # of its samples


def integrated(path: Path, length: int, channels: int, sample_rate: int) -> float | None:
    """The loudness of bare samples on disk, in LUFS; None where R128 hears nothing.

    Args:
        path: of interleaved float32 numbers.
        length: samples of a channel that count.
        channels: 1 or 2.
        sample_rate: Hz.

    Raises:
        InputError: if ffmpeg is missing.
    """
    try:
        result = subprocess.run(
            [
                *("ffmpeg", "-nostdin", "-hide_banner", "-f", "f32le", "-ar", str(sample_rate)),
                *("-ac", str(channels), "-i", f"file:{path}", "-filter:a"),
                f"atrim=end_sample={length},ebur128=framelog=verbose",
                *("-f", "null", "-"),
            ],
            capture_output=True,
            check=True,
            text=True,
        )
    except FileNotFoundError:
        raise InputError(
            "expected ffmpeg, by which loudness is measured, it is not installed; "
            "please install it (Debian's package is called ffmpeg)."
        ) from None
    lufs = float(INTEGRATED.findall(result.stderr)[-1])
    return lufs if lufs > GATE else None


def true_peak(sound: Floats, sample_rate: int) -> float:
    """The peak of what a converter makes of a sound, full scale being 1.

    Args:
        sound: `(L, C)`, on disk or in memory.
        sample_rate: Hz.
    """
    stream = soxr.ResampleStream(
        sample_rate, OVERSAMPLED * sample_rate, sound.shape[1], dtype="float32"
    )
    peak = 0.0
    for block in chain(blocks(sound), [np.zeros((0, sound.shape[1]))]):
        between = stream.resample_chunk(np.asarray(block, np.float32), last=not len(block))
        peak = max(peak, *(float(np.abs(each).max(initial=0.0)) for each in (between, block)))
    return peak


def gain(made: Loudness, peak: float, wanted: Loudness, normalize: bool) -> float:
    """By what a sound is multiplied to be as loud as another, or as loud as can be; never clipped.

    Args:
        made: the sound.
        peak: its true peak.
        wanted: the other one. Where R128 hears one of them not, their root mean squares count.
        normalize: as loud as can be.
    """
    most = CEILING / peak if peak else 1.0
    if normalize or not made.rms:
        return most
    if made.lufs is None or wanted.lufs is None:
        return min(wanted.rms / made.rms, most)
    return min(10 ** ((wanted.lufs - made.lufs) / 20), most)
