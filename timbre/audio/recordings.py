"""Recordings as mono signals: of any format, rate and number of channels."""

import mmap
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from timbre.core import ffmpeg
from timbre.core.errors import InputError
from timbre.core.signal import SILENCE_PEAK, Signal, is_sound, mixing, without_rumble

MIN_RATE = 1000  # Hz, of samples: less holds no note
MIN_SECONDS = 0.25  # s: less holds hardly a note
OGG_PAGE_BYTES, OGG_BEGINS, OGG_ENDS = 27, 2, 4  # a page's head without its table; its flags
FLAC_HEAD = b"fLaC\0\0\0\x22"  # what FLAC files begin with (RFC 9639)
MAX_HEADER_BYTES = 4096  # bytes that a file has beside its samples, without being looked at twice
SAMPLE_BYTES = {"PCM_U8": 1, "PCM_S8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4}


def read(path: Path, sample_rate: int, max_seconds: float | None = None) -> Signal:
    """Read a recording, whatever libsndfile or else ffmpeg decodes: any rate, any channels.

    Args:
        path: of the file.
        sample_rate: Hz, of the result.
        max_seconds: read no more than this from the start; None reads all.

    Returns:
        `(L,)`, the mean of the channels, or the loudest where they cancel, without offset, at the
        recording's own level.

    Raises:
        InputError: if the file is missing, is no audio, is damaged, lasts less than a quarter of a
            second, is silent, or has samples that are not finite.
    """
    existing(path)
    decoded = None if is_doubtful(path) else _decoded(path, max_seconds)
    if decoded is None:
        with TemporaryDirectory() as folder:
            wav = Path(folder) / "decoded.wav"
            fault = ffmpeg.to_wav(path, wav, max_seconds, strict=not is_doubtful(path))
            decoded = None if fault else _decoded(wav, max_seconds)
            if decoded is None:
                raise InputError(
                    f"expected a recording, {path} is damaged or no audio (ffmpeg: "
                    f"{fault or 'it holds none'}); please convert it to WAV or FLAC."
                )
    channels, rate = decoded
    hearable(path, rate)
    if not is_sound(channels):
        raise InputError(
            f"expected finite samples, {path} has NaN or infinity; please export it again."
        )
    seconds = len(channels) / rate
    if seconds < MIN_SECONDS:
        raise InputError(
            f"expected a recording of {MIN_SECONDS} s or more, {path} lasts {seconds:.3f} s; "
            "please take a longer one."
        )
    audible = without_rumble(channels, rate)  # or an offset would pass for sound in common
    weights = mixing(np.mean(audible**2, axis=0), float(np.mean(audible.mean(axis=1) ** 2)))
    mono = soxr.resample((channels @ weights).astype(np.float32), rate, sample_rate)
    mono = without_rumble(mono, sample_rate).astype(np.float32)
    if np.abs(mono).max() < SILENCE_PEAK:
        raise InputError(f"expected sound, {path} is silent; please take another recording.")
    return mono


def existing(path: Path) -> Path:
    """The path, if there is something to read.

    Raises:
        InputError: if there is no file.
    """
    if not path.is_file() and not path.is_fifo():
        raise InputError(f"expected a recording, found no file {path}; please mend its path.")
    return path


def hearable(path: Path, sample_rate: int) -> None:
    """Refuse a recording whose rate leaves nothing to be heard, as a damaged header states it.

    Raises:
        InputError: naming the rate.
    """
    if sample_rate < MIN_RATE:
        raise InputError(
            f"expected a recording of {MIN_RATE:,} Hz or more, {path} states {sample_rate}; "
            "please mend its header or export it again."
        )


def is_doubtful(path: Path) -> bool:
    """Whether libsndfile may read less of a file than there is.

    It reads the first of chained OGG streams alone, believes what an MP3 file says of its length,
    and a header that a recorder which died, or a tool that cut, left with too small a number. (All
    OGG by ffmpeg would do, but that cuts or fills up the last block of Vorbis.)

    Raises:
        InputError: if it is several FLAC files in one, of which no decoder makes all.
    """
    if _is_joined_flac(path):
        raise InputError(
            f"expected one recording, {path} is several FLAC files put into one; please join them "
            "by a program for sound, such as ffmpeg."
        )
    try:
        with path.open("rb") as binary, soundfile.SoundFile(binary) as file:
            if file.format == "MP3":
                return True
            if file.format == "OGG":
                return not _is_one_stream(path)
            bare = file.frames * file.channels * SAMPLE_BYTES.get(file.subtype, 8)
            is_longer: bool = path.stat().st_size > bare + MAX_HEADER_BYTES
            return is_longer
    except (soundfile.LibsndfileError, ValueError, TypeError, OSError):
        return False


def _is_one_stream(path: Path) -> bool:
    """Whether an OGG file is one stream, whole, and nothing else, by its pages (RFC 3533)."""
    size, at, ended = path.stat().st_size, 0, False
    with path.open("rb") as file:
        while at < size:
            head = file.read(OGG_PAGE_BYTES)
            if ended or len(head) < OGG_PAGE_BYTES or not head.startswith(b"OggS"):
                return False
            flags, parts = head[5], head[26]
            if at and flags & OGG_BEGINS:
                return False
            ended = bool(flags & OGG_ENDS)
            at += OGG_PAGE_BYTES + parts + sum(file.read(parts))
            file.seek(at)
    return ended and at == size


def _is_joined_flac(path: Path) -> bool:
    """Whether a FLAC file begins again further on, as `cat` leaves it."""
    with path.open("rb") as file:
        if file.read(len(FLAC_HEAD)) != FLAC_HEAD:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(FLAC_HEAD, len(FLAC_HEAD)) > 0


def _decoded(path: Path, max_seconds: float | None) -> tuple[NDArray[np.float32], int] | None:
    """Samples `(L, channels)` and their rate in Hz, by libsndfile; None if it cannot."""
    try:
        with path.open("rb") as binary, soundfile.SoundFile(binary) as file:
            frames = -1 if max_seconds is None else round(max_seconds * file.samplerate)
            return file.read(frames, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, ValueError, TypeError):
        # no format of libsndfile's; or a FLAC file written to a pipe, which states no length
        return None
