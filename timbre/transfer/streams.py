"""Streams of recordings: content of any length, read block by block onto the disk."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from timbre.audio import recordings
from timbre.core import ffmpeg
from timbre.core.errors import InputError
from timbre.core.signal import RUMBLE_SECONDS, is_sound, mixing, without_rumble
from timbre.transfer.memmap import Floats, release

CONTENT_FILE = "content.f32"  # the file of the samples, in the folder that is given
PIPED_FILE = "piped"  # that of what came through a pipe
BLOCK_SAMPLES = 1 << 18  # samples at once
MAX_CHANNELS = 2  # that are kept apart


class Level(NamedTuple):
    """Level of samples."""

    rms: float  # root mean square
    peak: float  # largest absolute value


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
        `(L, C)`, one channel, the mean of all, or the loudest where they cancel, or two; without
        offset, at the recording's own level.

    Raises:
        InputError: as `timbre.audio.recordings.read`, but silence is let through.
    """
    if recordings.existing(path).is_fifo():  # which can be read once alone
        with path.open("rb") as pipe, (folder / PIPED_FILE).open("wb") as copy:
            shutil.copyfileobj(pipe, copy)
        path = folder / PIPED_FILE
    decoded, converted = folder / "decoded.f32", folder / "decoded.wav"
    doubtful = recordings.is_doubtful(path)
    channels = None if doubtful else _decoded(path, path, decoded, sample_rate, stereo, seconds)
    if channels is None and _convert(path, converted, seconds, strict=not doubtful):
        # no format of libsndfile's; or a stream that states no length, or another than it has
        channels = _decoded(converted, path, decoded, sample_rate, stereo, seconds)
        converted.unlink()
    if channels is None and doubtful:  # without ffmpeg: what libsndfile makes of it
        channels = _decoded(path, path, decoded, sample_rate, stereo, seconds)
    if channels is None:  # it cannot be read, and this says why
        recordings.read(path, sample_rate, seconds).tofile(decoded)
        channels = 1
    raw = np.memmap(decoded, np.float32, "r").reshape(-1, channels)
    weights = np.eye(channels) if stereo else _weights(raw, sample_rate)[:, None]
    with (folder / CONTENT_FILE).open("wb") as out:
        for block in _filtered(raw, sample_rate):
            out.write((block @ weights).astype(np.float32).tobytes())
    del raw  # Windows deletes no file that is mapped
    decoded.unlink()
    return np.memmap(folder / CONTENT_FILE, np.float32, "r").reshape(-1, weights.shape[1])


def _weights(raw: Floats, sample_rate: int) -> NDArray[np.float64]:
    """Weights by which all channels become one, for the whole of a recording."""
    power, together = np.zeros(raw.shape[1]), 0.0
    for block in _filtered(raw, sample_rate):  # or an offset would pass for sound in common
        power += np.sum(block**2, axis=0)
        together += float(np.sum(block.mean(axis=1) ** 2))
    return mixing(power, together)


def _filtered(raw: Floats, sample_rate: int) -> Iterator[NDArray[np.float64]]:
    """Blocks without rumble, each filtered with what lies around it."""
    around = round(2 * RUMBLE_SECONDS * sample_rate) + 2
    for start in range(0, len(raw), BLOCK_SAMPLES):
        first = max(start - around, 0)
        block = without_rumble(raw[first : start + BLOCK_SAMPLES + around], sample_rate)
        yield block[start - first : start - first + min(BLOCK_SAMPLES, len(raw) - start)]
        release(raw)


def _decoded(
    source: Path, named: Path, decoded: Path, sample_rate: int, stereo: bool, seconds: float | None
) -> int | None:
    """Write the samples, bare, and tell of how many channels; None if any seem to be missing.

    Refusals name the file that was given, whatever it was converted to.
    """
    try:
        with (
            source.open("rb") as binary,  # its name may be in letters that libsndfile refuses
            soundfile.SoundFile(binary) as file,
            decoded.open("wb") as out,
        ):
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
    channels = file.channels
    if stereo and channels > MAX_CHANNELS:
        raise InputError(
            f"expected one or two channels with --stereo, {named} has {channels}; "
            "please mix it down first or leave --stereo out."
        )
    recordings.hearable(named, file.samplerate)
    stream = soxr.ResampleStream(file.samplerate, sample_rate, channels, dtype="float32")
    count, frames = 0, file.frames
    if seconds is not None:
        frames = min(frames, round(seconds * file.samplerate))
    while len(
        block := file.read(min(BLOCK_SAMPLES, frames - count), dtype="float32", always_2d=True)
    ):
        if not is_sound(block):
            raise InputError(
                f"expected finite samples, {named} has NaN or infinity; please export it again."
            )
        count += len(block)
        out.write(stream.resample_chunk(block).tobytes())
    last = np.zeros((0, channels), np.float32)
    out.write(stream.resample_chunk(last, last=True).tobytes())
    # a stream of FLAC does not state its length, a file that breaks off states another
    return channels if count == frames and out.tell() > 0 else None


def _convert(path: Path, converted: Path, seconds: float | None, *, strict: bool) -> bool:
    """Whether ffmpeg makes a WAV of 32-bit floats of it, rate and channels kept."""
    try:
        return not ffmpeg.to_wav(path, converted, seconds, strict=strict)
    except InputError:  # it is not installed
        return False


def blocks(sound: Floats) -> Iterator[NDArray[np.float64]]:
    """The sound in pieces of `BLOCK_SAMPLES` samples."""
    for start in range(0, len(sound), BLOCK_SAMPLES):
        yield sound[start : start + BLOCK_SAMPLES].astype(np.float64)
        release(sound)


def levels(sound: Floats) -> list[Level]:
    """Level of each channel of `(L, C)`, in one pass."""
    power, peak = np.zeros(sound.shape[1]), np.zeros(sound.shape[1])
    for block in blocks(sound):
        power += np.sum(block**2, axis=0)
        peak = np.maximum(peak, np.abs(block).max(axis=0))
    return list(map(Level, np.sqrt(power / len(sound)).tolist(), peak.tolist()))


def together(channels: Sequence[Level]) -> Level:
    """Level of several channels of one length together."""
    power = sum(channel.rms**2 for channel in channels) / len(channels)
    return Level(power**0.5, max(channel.peak for channel in channels))


def level(sound: Floats) -> Level:
    """Level of `(L,)` or `(L, C)`."""
    return together(levels(sound.reshape(len(sound), -1)))
