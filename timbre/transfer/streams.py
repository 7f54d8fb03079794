"""Content of any length, read block by block onto the disk."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.transfer.memmap import Floats, release

CONTENT = "content.f32"  # the file of the samples, in the folder that is given
BLOCK = 1 << 18  # samples at once


def read(
    path: Path,
    sample_rate: int,
    folder: Path,
    stereo: bool = False,
    seconds: float | None = None,
) -> Floats:
    """A recording of any length, rate and number of channels, kept on disk.

    Args:
        path: of the file.
        sample_rate: Hz, of the result.
        folder: for the decoded samples.
        stereo: keep two channels apart.
        seconds: read no more than this from the start; None reads all.

    Returns:
        `(L, C)`, one channel, the mean of all, or two; at the recording's own level.

    Raises:
        InputError: as `timbre.audio.recordings.read`, but silence is let through.
    """
    decoded, converted = folder / CONTENT, folder / "content.wav"
    channels = _decoded(path, path, sample_rate, decoded, stereo, seconds)
    if channels is None and _convert(path, converted, seconds):
        # no format of libsndfile's; or a stream that states no length, or another than it has
        channels = _decoded(converted, path, sample_rate, decoded, stereo, seconds)
        converted.unlink()
    if channels is None:  # it cannot be read, and this says why
        recordings.read(path, sample_rate, seconds).tofile(decoded)
        channels = 1
    return np.memmap(decoded, np.float32, "r").reshape(-1, channels)


def _decoded(
    source: Path, named: Path, sample_rate: int, decoded: Path, stereo: bool, seconds: float | None
) -> int | None:
    """Write the samples, bare, and tell of how many channels; None if any seem to be missing.

    Refusals name the file that was given, whatever it was converted to.
    """
    try:
        with soundfile.SoundFile(source) as file, decoded.open("wb") as out:
            if file.format == "MP3":
                return None  # libsndfile ends where the header says, which may be a lie
            return _decode(file, named, sample_rate, out, stereo, seconds)
    except InputError:
        raise
    except (soundfile.LibsndfileError, ValueError, TypeError):
        return None  # libsndfile cannot read it


def _decode(
    file: soundfile.SoundFile,
    named: Path,
    sample_rate: int,
    out: BinaryIO,
    stereo: bool,
    seconds: float | None,
) -> int | None:
    channels = _channels(named, file.channels) if stereo else 1
    stream = soxr.ResampleStream(file.samplerate, sample_rate, channels, dtype="float32")
    count, wanted = 0, file.frames
    if seconds is not None:
        wanted = min(wanted, round(seconds * file.samplerate))
    while len(block := file.read(min(BLOCK, wanted - count), dtype="float32", always_2d=True)):
        if not np.isfinite(block).all():
            raise InputError(
                f"expected finite samples, {named} has NaN or infinity; please export it again."
            )
        count += len(block)
        mixed = block if channels == 2 else block.mean(axis=1, keepdims=True)
        out.write(stream.resample_chunk(mixed).tobytes())
    last = np.zeros((0, channels), np.float32)
    out.write(stream.resample_chunk(last, last=True).tobytes())
    # a stream of FLAC does not state its length, a file that breaks off states another
    return channels if count == wanted and out.tell() > 0 else None


def _channels(path: Path, found: int) -> int:
    if found > 2:
        raise InputError(
            f"expected one or two channels with --stereo, {path} has {found}; "
            "please mix it down first or leave --stereo out."
        )
    return found


def _convert(path: Path, converted: Path, seconds: float | None) -> bool:
    """Whether ffmpeg makes a WAV of 32-bit floats of it, rate and channels kept."""
    limit = [] if seconds is None else ["-t", str(seconds)]
    try:
        result = subprocess.run(
            [
                # `file:` keeps a name with a colon from being taken for a protocol
                *("ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", f"file:{path}", "-vn"),
                *limit,
                *("-f", "wav", "-rf64", "auto", "-c:a", "pcm_f32le", f"file:{converted}"),
            ],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return result.returncode == 0


def blocks(sound: Floats) -> Iterator[NDArray[np.float64]]:
    """The sound in pieces of `BLOCK` samples."""
    for start in range(0, len(sound), BLOCK):
        yield sound[start : start + BLOCK].astype(np.float64)
        release(sound)


def rms_and_peak(sound: Floats) -> tuple[float, float]:
    """Root mean square and largest absolute value of `(L,)` or `(L, C)`."""
    power, peak = 0.0, 0.0
    for block in blocks(sound):
        power += float(np.sum(block**2))
        peak = max(peak, float(np.abs(block).max()))
    return (power / sound.size) ** 0.5, peak
