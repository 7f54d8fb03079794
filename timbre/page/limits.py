"""Upload limits of the web page, checked without decoding what is too long."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import soundfile

from timbre.core import ffmpeg
from timbre.core.errors import InputError
from timbre.transfer.midi_content import is_midi

MEGABYTE = 1 << 20  # bytes, as Gradio counts them when it refuses an upload
UNSTATED_FRAMES = 1 << 62  # frames: libsndfile's word for a stream whose header tells no length
PROBE_RATE = 8000  # Hz, of what is decoded only to see how long it is
PROBE_SECONDS = 60.0  # for that
# ffmpeg's names of what holds sound alone: none of these can lead it to another file or host
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,caf,eac3,flac,matroska,mov,mp3,mpc,mpc8,ogg,tta,voc,w64,wav,wv"
)


class Limits(NamedTuple):
    """Upload limits: size and duration."""

    megabytes: int = 50
    seconds: int = 600

    @property
    def bytes(self) -> int:
        """The same as `megabytes`."""
        return self.megabytes * MEGABYTE


DEFAULT_LIMITS = Limits()


def checked(
    path: Path | None, role: str, limits: Limits = DEFAULT_LIMITS, least: float = 0.0
) -> Path:
    """The path of an upload, if it is there, and not too large.

    Args:
        path: of the upload, None if there is none.
        role: what it is for, such as "content".
        limits: that it keeps.
        least: s, that it lasts by its header, if that tells.

    Raises:
        InputError: if it is missing, empty, no recording, or beyond a limit.
    """
    if path is None:
        raise InputError(
            f"expected a recording as {role}, got none; please drop one there or record one."
        )
    if not path.is_file():
        raise InputError(
            f"expected {path.name}, the {role}, it is deleted by now; please upload it again."
        )
    size = path.stat().st_size
    if not size:
        raise InputError(
            f"expected a recording as {role}, {path.name} is empty; please choose another file."
        )
    if size > limits.bytes:
        raise InputError(
            f"expected {limits.megabytes} MB at most, {path.name} has {size / MEGABYTE:,.0f} MB; "
            "please shorten it or save it as FLAC or MP3."
        )
    if is_midi(path):  # which refuses pieces of hours by itself
        return path
    seconds = stated_seconds(path)
    if seconds is None and decoded_seconds(path, limits.seconds + 1) > limits.seconds:
        raise InputError(
            f"expected {limits.seconds} s at most, {path.name} lasts longer; please shorten it."
        )
    if seconds is not None and seconds > limits.seconds:
        raise InputError(
            f"expected {limits.seconds} s at most, {path.name} lasts {seconds:,.0f} s by its "
            "header; please shorten it or save it anew."
        )
    if seconds is not None and seconds < least:
        raise InputError(
            f"expected a {role} of {least} s or more, {path.name} lasts {seconds:.3f} s; "
            "please take a longer one."
        )
    return path


def stated_seconds(path: Path) -> float | None:
    """Duration of a recording by its header, beyond which libsndfile reads nothing.

    None where libsndfile does not know the format, the header states no length, or may lie: that
    of an MP3 file can say anything, and the file is read to its end all the same.
    """
    try:
        with soundfile.SoundFile(path) as file:
            unstated = file.frames >= UNSTATED_FRAMES or file.format == "MP3"
            return None if unstated else file.frames / file.samplerate
    except (soundfile.LibsndfileError, ValueError, TypeError):
        return None


def decoded_seconds(path: Path, most: int) -> float:
    """Duration of a recording that ffmpeg decodes, no more than `most` seconds of it.

    Raises:
        InputError: if it is no recording, damaged, or ffmpeg is missing.
    """
    refusal = (
        f"expected a recording, {path} is damaged or no audio; please convert it to WAV or FLAC."
    )
    input_options = ("-protocol_whitelist", "file", "-format_whitelist", CONTAINERS)
    words = [
        *ffmpeg.reading(path, options=input_options),
        *("-t", str(most), "-ac", "1", "-ar", str(PROBE_RATE), "-f", "s16le", "-"),
    ]
    try:
        result = ffmpeg.run(words, f"read {path}", "convert it to WAV", PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        raise InputError(refusal) from None
    if result.fault or not result.output:
        raise InputError(refusal)
    return len(result.output) / 2 / PROBE_RATE
