"""Output files: written in the format of their extension, whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from timbre.core import ffmpeg
from timbre.core.errors import InputError
from timbre.core.files import replacing, writable
from timbre.transfer.memmap import Floats
from timbre.transfer.streams import blocks

FORMATS = {  # by the extension; what follows is libsndfile's
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
}
FFMPEG_FORMATS = {".m4a": ("-c:a", "aac", "-f", "ipod")}  # its options
SUFFIXES = (*FORMATS, *FFMPEG_FORMATS)
BLOCK_SAMPLES = 4096  # samples at once: the Vorbis encoder keeps them on its stack
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8000, 192_000  # Hz
MPEG_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
MAX_FLAC_RATE = 65_535  # that its frames can state to a Hz
SUPPORTED_RATES = {
    ".mp3": MPEG_RATES,
    ".m4a": (*MPEG_RATES, 64_000, 88_200, 96_000),
}  # Hz, where not all are known


def checked(path: Path, sample_rate: int) -> Path:
    """The path, if a sound of that rate can be written there.

    Raises:
        InputError: if its extension is none that is known, its format knows no such rate, or a
            folder stands there.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"expected an output that ends with {', '.join(SUFFIXES)}, "
            f"got {path}; please give it one of these."
        )
    writable(path)
    if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
        raise InputError(
            f"expected a sample rate from {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz, got "
            f"{sample_rate}; please give one of these."
        )
    if sample_rate not in SUPPORTED_RATES.get(suffix, (sample_rate,)):
        rates = ", ".join(map(str, SUPPORTED_RATES[suffix]))
        raise InputError(
            f"expected a sample rate that {suffix} knows ({rates} Hz), got {sample_rate}; "
            "please give one of these or choose another format."
        )
    if suffix == ".flac" and sample_rate > MAX_FLAC_RATE and sample_rate % 10:
        raise InputError(
            f"expected a sample rate that .flac knows (above {MAX_FLAC_RATE} Hz a multiple of 10), "
            f"got {sample_rate}; please give one of these or choose another format."
        )
    return path


def write(path: Path, sound: Floats, gain: float, made_at: int, sample_rate: int) -> None:
    """Write a sound whole or not at all, in the format of its extension.

    Args:
        path: a `checked` one.
        sound: `(L, C)`, on disk or in memory.
        gain: that it is multiplied by.
        made_at: Hz, what it is sampled at.
        sample_rate: Hz, of the file.

    Raises:
        InputError: if ffmpeg is needed and missing.
        OSError: if it cannot be written.
    """
    suffix, channels = path.suffix.lower(), sound.shape[1]
    pieces = resampled(sound, gain, made_at, sample_rate)
    with replacing(path) as temporary:
        if suffix in FFMPEG_FORMATS:
            _encode(temporary, pieces, channels, sample_rate, FFMPEG_FORMATS[suffix])
            return
        kind, subtype = FORMATS[suffix]
        # by its descriptor: its name may be in letters that libsndfile refuses, and through an
        # object of Python a full disk would be told in tracebacks
        with (
            temporary.open("wb+") as binary,
            soundfile.SoundFile(
                binary.fileno(), "w", sample_rate, channels, subtype, None, kind, closefd=False
            ) as file,
        ):
            for piece in pieces:
                for start in range(0, len(piece), BLOCK_SAMPLES):
                    file.write(piece[start : start + BLOCK_SAMPLES])


def resampled(sound: Floats, gain: float, made_at: int, sample_rate: int) -> Iterator[Floats]:
    """The sound in blocks at another rate, as long as it is to a sample.

    Args:
        sound: `(L, C)`, on disk or in memory.
        gain: that it is multiplied by.
        made_at: Hz, what it is sampled at.
        sample_rate: Hz, of the blocks.
    """
    stream = soxr.ResampleStream(made_at, sample_rate, sound.shape[1], dtype="float32")
    left = max(1, round(len(sound) * sample_rate / made_at))  # no FLAC has none
    for block in blocks(sound):
        piece = stream.resample_chunk((gain * block).astype(np.float32))[:left]
        left -= len(piece)
        yield piece
    last = stream.resample_chunk(np.zeros((0, sound.shape[1]), np.float32), last=True)[:left]
    yield np.pad(last, [(0, left - len(last)), (0, 0)])


def _encode(
    path: Path, pieces: Iterator[Floats], channels: int, sample_rate: int, options: tuple[str, ...]
) -> None:
    """Encode by ffmpeg what libsndfile cannot write."""
    words = [
        *(*ffmpeg.QUIETLY, "-y", *ffmpeg.samples(sample_rate, channels, "pipe:0")),
        *(*options, f"file:{path}"),
    ]
    blocks = (piece.tobytes() for piece in pieces)
    if fault := ffmpeg.feed(words, blocks, f"write {path.suffix}", "choose another format"):
        raise OSError(f"ffmpeg: {fault}")
