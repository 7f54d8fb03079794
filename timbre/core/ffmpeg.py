"""ffmpeg, by which all is decoded and encoded that libsndfile cannot."""

import subprocess
from pathlib import Path

from timbre.core.errors import InputError

QUIETLY = ("ffmpeg", "-nostdin", "-v", "error")


def reading(path: Path, *, strict: bool = True) -> list[str]:
    """Words of a command that reads a file's sound.

    Args:
        path: of the file; `file:` keeps a name with a colon from being taken for a protocol.
        strict: end at the first damage, rather than leave it out.
    """
    return [*QUIETLY, *(["-xerror"] if strict else []), "-i", f"file:{path}", "-vn"]


def run(command: list[str], wants: str, timeout: float | None = None) -> tuple[bytes, str]:
    """What a command writes to its standard output.

    Args:
        command: the words.
        wants: what it is wanted for, as in "expected ffmpeg to ...".
        timeout: s, that it may take.

    Returns:
        The output; and its last line of complaint, empty if all went well.

    Raises:
        InputError: if ffmpeg is not installed.
        subprocess.TimeoutExpired: if it takes too long.
    """
    try:
        result = subprocess.run(command, capture_output=True, check=False, timeout=timeout)
    except FileNotFoundError:
        raise InputError(
            f"expected ffmpeg to {wants}, it is not installed; please install it or use WAV."
        ) from None
    said = result.stderr.decode(errors="replace").strip().splitlines()
    fault = (said[-1] if said else "nothing said") if result.returncode else ""
    return result.stdout, fault


def to_wav(path: Path, wav: Path, seconds: float | None, *, strict: bool = True) -> str:
    """Decode a file to a WAV of 32-bit floats, its rate and channels kept.

    Returns:
        What ffmpeg complained of, empty if all went well.

    Raises:
        InputError: if ffmpeg is not installed.
    """
    limit = [] if seconds is None else ["-t", str(seconds)]
    form = ["-f", "wav", "-rf64", "auto", "-c:a", "pcm_f32le", f"file:{wav}"]
    return run([*reading(path, strict=strict), *limit, *form], f"read {path}")[1]
