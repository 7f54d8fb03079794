"""How loud a sound is to ears: EBU R128, measured by ffmpeg, whatever the length."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from audio.errors import InputError

CEILING = 10 ** (-1 / 20)  # true peak: EBU R128 (2020) asks for -1 dB at most
GATE = -70.0  # LUFS, below which R128 hears nothing
INTEGRATED = re.compile(r"I:\s+(-?[\d.]+) LUFS")
PEAK = re.compile(r"Peak:\s+(-?[\d.]+|-inf) dBFS")


class Loudness(NamedTuple):
    """What is measured of a sound."""

    lufs: float | None  # integrated, to a tenth; None where it is too short or too soft for R128
    rms: float  # of its samples
    true_peak: float  # of what a converter makes of them: full scale is 1


def measured(path: Path, length: int, channels: int, sample_rate: int, rms: float) -> Loudness:
    """Measure bare samples on disk.

    Args:
        path: of interleaved float32 numbers.
        length: samples of a channel that count.
        channels: 1 or 2.
        sample_rate: Hz.
        rms: of them, known already.

    Raises:
        InputError: if ffmpeg is missing.
    """
    try:
        result = subprocess.run(
            [
                *("ffmpeg", "-nostdin", "-hide_banner", "-f", "f32le", "-ar", str(sample_rate)),
                *("-ac", str(channels), "-i", f"file:{path}", "-filter:a"),
                f"atrim=end_sample={length},ebur128=peak=true:framelog=verbose",
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
    peak = float(PEAK.findall(result.stderr)[-1])
    return Loudness(lufs if lufs > GATE else None, rms, 10 ** (peak / 20))


def gain(made: Loudness, wanted: Loudness, normalize: bool) -> float:
    """By what a sound is multiplied to be as loud as another, or as loud as can be; never clipped.

    Args:
        made: the sound.
        wanted: the other one. Where R128 hears one of them not, their root mean squares count.
        normalize: as loud as can be.
    """
    most = CEILING / made.true_peak if made.true_peak else 1.0
    if normalize or not made.rms:
        return most
    if made.lufs is None or wanted.lufs is None:
        return min(wanted.rms / made.rms, most)
    return min(10 ** ((wanted.lufs - made.lufs) / 20), most)
