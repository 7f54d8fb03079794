"""Recordings of any kind, and the pairs of them that somebody wants transferred."""

import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr

from timbre.core.errors import InputError
from timbre.core.signal import SILENCE, Signal

SHORTEST = 0.25  # s: less holds hardly a note


def read(path: Path, sample_rate: int, max_seconds: float | None = None) -> Signal:
    """Read a recording, whatever libsndfile or else ffmpeg decodes: any rate, any channels.

    Args:
        path: of the file.
        sample_rate: Hz, of the result.
        max_seconds: read no more than this from the start; None reads all.

    Returns:
        `(L,)`, the mean of the channels, at the recording's own level.

    Raises:
        InputError: if the file is missing, is no audio, is damaged, lasts less than a quarter of a
            second, is silent, or has samples that are not finite.
    """
    if not path.is_file():
        raise InputError(f"expected a recording, found no file {path}; please mend its path.")
    try:
        channels, rate = _decode(path, max_seconds)
    except (soundfile.LibsndfileError, ValueError, TypeError):
        # no format of libsndfile's; or a FLAC file written to a pipe, which states no length
        channels, rate = _decode(io.BytesIO(_converted(path, max_seconds)), max_seconds)
    if not np.isfinite(channels).all():
        raise InputError(
            f"expected finite samples, {path} has NaN or infinity; please export it again."
        )
    seconds = len(channels) / rate
    if seconds < SHORTEST:
        raise InputError(
            f"expected a recording of {SHORTEST} s or more, {path} lasts {seconds:.3f} s; "
            "please take a longer one."
        )
    mono = channels.mean(axis=1)
    if np.abs(mono).max() < SILENCE:
        raise InputError(f"expected sound, {path} is silent; please take another recording.")
    resampled: Signal = soxr.resample(mono, rate, sample_rate)
    return resampled


def _decode(source: Path | io.BytesIO, max_seconds: float | None) -> tuple[Signal, int]:
    """Samples `(L, channels)` and their rate in Hz, by libsndfile."""
    with soundfile.SoundFile(source) as file:
        frames = -1 if max_seconds is None else round(max_seconds * file.samplerate)
        return file.read(frames, dtype="float32", always_2d=True), file.samplerate


def _converted(path: Path, max_seconds: float | None) -> bytes:
    """The file as WAV of 32-bit floats, its rate and channels kept, by ffmpeg.

    WAV rather than bare samples, for the header says the rate and the number of channels.
    """
    limit = [] if max_seconds is None else ["-t", str(max_seconds)]
    # `file:` keeps a name with a colon from being taken for a protocol
    command = ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", f"file:{path}", "-vn"]
    try:
        result = subprocess.run(
            [*command, *limit, "-f", "wav", "-c:a", "pcm_f32le", "-"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise InputError(
            f"expected ffmpeg to read {path}, it is not installed; "
            "please install it or convert the file to WAV."
        ) from None
    if result.returncode or not result.stdout:
        said = result.stderr.decode(errors="replace").strip().splitlines() or ["nothing said"]
        raise InputError(
            f"expected a recording, {path} is damaged or no audio (ffmpeg: {said[-1]}); "
            "please convert it to WAV or FLAC."
        )
    return result.stdout
