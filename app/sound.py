"""Sound files of any length, read and written block by block."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from audio import recordings
from audio.benchmark import Signal
from audio.errors import InputError
from audio.files import replacing

FORMATS = {  # by the extension; what follows is libsndfile's
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
}
BLOCK = 1 << 18  # samples at once
LOUDEST = 0.99  # peak that is written, at most


def read(path: Path, sample_rate: int, folder: Path) -> Signal:
    """A recording of any length, rate and number of channels, kept on disk, not in memory.

    Formats that only ffmpeg decodes, and what is odd, are left to `audio.recordings`, which reads
    them into memory or says what is wrong.

    Args:
        path: of the file.
        sample_rate: Hz, of the result.
        folder: for the decoded samples.

    Returns:
        `(L,)`, the mean of the channels, at the recording's own level.

    Raises:
        InputError: as `audio.recordings.read`, but silence is let through where libsndfile reads.
    """
    decoded = folder / "content.f32"
    try:
        complete = _decode(path, sample_rate, decoded)
    except (soundfile.LibsndfileError, ValueError, TypeError):
        complete = False
    if not complete:
        return recordings.read(path, sample_rate)
    return np.memmap(decoded, np.float32, "r")


def _decode(path: Path, sample_rate: int, decoded: Path) -> bool:
    """Write the samples, bare; say whether they are all there, finite, and any at all."""
    with soundfile.SoundFile(path) as file, decoded.open("wb") as out:
        stream = soxr.ResampleStream(file.samplerate, sample_rate, 1, dtype="float32")
        count = 0
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            if not np.isfinite(block).all():
                return False
            count += len(block)
            out.write(stream.resample_chunk(block.mean(axis=1)).tobytes())
        out.write(stream.resample_chunk(np.zeros(0, np.float32), last=True).tobytes())
        # a stream of FLAC does not state its length, a file that breaks off states another
        return count == file.frames and out.tell() > 0


def blocks(sound: Signal) -> Iterator[NDArray[np.float64]]:
    """The sound in pieces of `BLOCK` samples."""
    for start in range(0, len(sound), BLOCK):
        yield sound[start : start + BLOCK].astype(np.float64)


def rms_and_peak(sound: Signal) -> tuple[float, float]:
    """Root mean square and largest absolute value of `(L,)`."""
    power, peak = 0.0, 0.0
    for block in blocks(sound):
        power += float(np.sum(block**2))
        peak = max(peak, float(np.abs(block).max()))
    return (power / len(sound)) ** 0.5, peak


def checked(path: Path) -> Path:
    """The path, if a sound can be written there.

    Raises:
        InputError: if its extension is none of `FORMATS`, or a folder stands there.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"expected an output that ends with {', '.join(FORMATS)}, got {path}; "
            "please give it one of these."
        )
    if path.is_dir():
        raise InputError(f"expected a file to write, {path} is a folder; please give another name.")
    return path


def write(path: Path, sound: Signal, gain: float, sample_rate: int) -> None:
    """Write a sound whole or not at all, in the format of its extension.

    Args:
        path: a `checked` one.
        sound: `(L,)`.
        gain: that it is multiplied by.
        sample_rate: Hz.
    """
    kind, subtype = FORMATS[path.suffix.lower()]
    with (
        replacing(path) as temporary,
        soundfile.SoundFile(temporary, "w", sample_rate, 1, format=kind, subtype=subtype) as file,
    ):
        for block in blocks(sound):
            file.write(gain * block)
