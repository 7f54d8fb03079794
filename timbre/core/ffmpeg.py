"""ffmpeg: decodes, encodes and measures what libsndfile cannot."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from timbre.core.errors import InputError

COMMAND = ("ffmpeg", "-nostdin", "-hide_banner")
QUIETLY = ("-v", "error")


class Result(NamedTuple):
    """Result of a command."""

    output: bytes
    messages: str  # of its log
    fault: str  # the last message, empty if all went well


def reading(path: Path, *, strict: bool = True, options: Iterable[str] = ()) -> list[str]:
    """Arguments that read a file's sound.

    Args:
        path: of the file; `file:` keeps a name with a colon from being taken for a protocol.
        strict: end at the first damage, rather than leave it out.
        options: of the input.
    """
    return [*QUIETLY, *(["-xerror"] if strict else []), *options, "-i", f"file:{path}", "-vn"]


def samples(sample_rate: int, channels: int, source: str) -> list[str]:
    """Arguments that read bare, interleaved float32 numbers.

    Args:
        sample_rate: Hz.
        channels: 1 or more.
        source: `pipe:0`, or a path behind `file:`.
    """
    return ["-f", "f32le", "-ar", str(sample_rate), "-ac", str(channels), "-i", source]


def run(words: list[str], task: str, instead: str = "", timeout: float | None = None) -> Result:
    """Run ffmpeg to its end.

    Args:
        words: of the command, behind its name.
        task: what it is wanted for, as in "expected ffmpeg to ...".
        instead: what also helps where it is missing, as in "please install it or ...".
        timeout: s, that it may take.

    Raises:
        InputError: if ffmpeg is not installed.
        subprocess.TimeoutExpired: if it takes too long.
    """
    with _start(words, task, instead) as process:
        try:
            output, messages = process.communicate(timeout=timeout)
        finally:
            process.kill()  # if it is not at its end
    log = messages.decode(errors="replace")
    return Result(output, log, _fault(log) if process.returncode else "")


def feed(words: list[str], blocks: Iterable[bytes], task: str, instead: str = "") -> str:
    """Feed ffmpeg's input block by block; its log must tell of errors alone.

    Returns:
        What it complained of, empty if all went well.

    Raises:
        InputError: if ffmpeg is not installed.
    """
    with _start(words, task, instead) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it says below why it ended
        log = process.stderr.read().decode(errors="replace")
    # of a disk that is full at the very end it tells, yet ends as if all were well
    return _fault(log) if process.returncode or log else ""


def to_wav(path: Path, wav: Path, seconds: float | None, *, strict: bool = True) -> str:
    """Decode a file to a WAV of 32-bit floats, its rate and channels kept.

    Returns:
        What ffmpeg complained of, empty if all went well.

    Raises:
        InputError: if ffmpeg is not installed.
    """
    limit = [] if seconds is None else ["-t", str(seconds)]
    form = ["-f", "wav", "-rf64", "auto", "-c:a", "pcm_f32le", f"file:{wav}"]
    with path.open("rb") as file:  # of FLAC alone ffmpeg looks at no checksums unless it is told
        is_flac = file.read(4) == b"fLaC"
    options = ("-err_detect", "crccheck+explode") if is_flac and strict else ()
    words = [*reading(path, strict=strict, options=options), *limit, *form]
    return run(words, f"read {path}", "use WAV").fault


def _start(words: list[str], task: str, instead: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        also = f" or {instead}" if instead else ""
        raise InputError(
            f"expected ffmpeg to {task}, it is not installed; please install it{also} "
            "(Debian's package is called ffmpeg)."
        ) from None


def _fault(log: str) -> str:
    said = log.strip().splitlines()
    return said[-1] if said else "nothing said"
