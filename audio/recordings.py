"""Recordings of any kind, and the pairs of them that somebody wants transferred."""

import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from audio.benchmark import Case, Signal
from audio.errors import InputError
from audio.params import Audio
from audio.synthesis import at_level

SHORTEST = 0.25  # s: less holds hardly a note
SILENCE = 1e-4  # peak, -80 dB re full scale: above it lies what a 16-bit recorder adds by itself


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


def cases(pairs: Path, audio: Audio, max_seconds: float) -> list[Case]:
    """The test cases that a file of pairs lists, as the reference implementation takes them.

    A line holds `content`, `style` and perhaps `target`, parted by tabs; paths are relative to the
    file (data.py of the implementation published with arXiv:2102.05749, which knows no comments).
    Empty lines and those that begin with # are passed over.

    Args:
        pairs: the file.
        audio: the analysis settings: everything is brought to their rate and level.
        max_seconds: longer recordings are cut.

    Returns:
        A case a line, named by its content's path; content and target are cut to one length.

    Raises:
        InputError: naming the line that is wrong, or if there is none.
    """
    try:
        lines = pairs.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text file of pairs in {pairs}: {error}; please name another."
        ) from None
    found: dict[str, Case] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            case = _case(line, pairs.parent, audio, max_seconds)
        except InputError as error:
            raise InputError(f"{pairs}, line {number}: {error}") from None
        name = _unused(case.name, found)
        found[name] = case._replace(name=name)
    if not found:
        raise InputError(
            f"expected pairs of recordings in {pairs}, found no line with any; "
            "please write content, tab, style."
        )
    return list(found.values())


def _case(line: str, folder: Path, audio: Audio, max_seconds: float) -> Case:
    """The case of one line."""
    paths = [Path(field.strip()) for field in line.strip().split("\t")]
    if len(paths) not in (2, 3) or Path() in paths:
        raise InputError(
            f"expected content, style and perhaps target parted by tabs, got {len(paths)} "
            "fields or an empty one; please mend the line."
        )
    content, style, *target = (
        read(folder / path, audio.sample_rate, max_seconds).astype(np.float64) for path in paths
    )
    length = min(map(len, (content, *target)))
    # a name is one for a file too: it may not lead out of a folder
    parts = [part for part in paths[0].with_suffix("").parts if part not in ("..", paths[0].anchor)]
    return Case(
        name="_".join(parts),
        group="",
        content_timbre=paths[0].stem,
        style_timbre=paths[1].stem,
        content_family="",
        style_family="",
        font="",
        notes=None,
        content=_leveled(content[:length], audio),
        style=_leveled(style, audio),
        target=_leveled(target[0][:length], audio) if target else None,
    )


def _leveled(signal: NDArray[np.float64], audio: Audio) -> Signal:
    return at_level(signal, audio.level_db).astype(np.float32)


def _unused(name: str, used: dict[str, Case]) -> str:
    """The name, with a number behind if another case has it."""
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}_{number}"
    return free
