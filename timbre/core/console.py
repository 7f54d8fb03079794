"""Exits of commands: what the user can mend ends with a sentence and code 2, and leaves nothing."""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from timbre.core.errors import InputError
from timbre.core.files import delete_unfinished

EXTRAS = {  # packages that the plain install lacks, and what brings them
    "gradio": "page", "uvicorn": "page", "starlette": "page", "matplotlib": "page",
    "jinja2": "listen", "dask": "train", "distributed": "train", "lightning": "train",
    "lightning_fabric": "train", "mir_eval": "train", "music21": "train", "numba": "train",
    "pebble": "train", "psutil": "train", "pyarrow": "train", "requests": "train", "sox": "train",
    "zarr": "train", "essentia": "metrics", "torch": "train",
    "torchaudio": "train", "onnx": "train", "onnxscript": "train",
}  # fmt: skip
GPU_FULL = (
    "expected room on the graphics card, it is full; please lower batch_size or crop_frames of "
    "what is trained, end other programs on the card, or leave it alone with CUDA_VISIBLE_DEVICES= "
    "before the command."
)

# errors of the system that the user can mend
MENDABLE = frozenset([
    errno.EACCES, errno.EDQUOT, errno.EIO, errno.EISDIR, errno.ELOOP, errno.EMFILE,
    errno.ENAMETOOLONG, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS,
])  # fmt: skip


def leave_nothing() -> None:
    """Handle SIGTERM and SIGHUP: delete what this process has begun to write, and end it."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no terminals that hang up
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _ended)


def _ended(number: int, _: object) -> None:
    """End at once, and leave nothing half-written.

    What is raised in here may be lost: libraries that call back from C swallow it.
    """
    delete_unfinished()
    os._exit(128 + number)


def run(main: Callable[[], None]) -> None:
    """Run a command; turn an `InputError` into its sentence on standard error and exit code 2.

    A graphics card that is too small, a package that is not installed, and files that the system
    does not let read or write, are the user's to mend too. A command that is ended by a signal
    leaves nothing half-written.
    """
    leave_nothing()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # as after >&-; it stays open until the end
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    _print_any_name()
    try:
        main()
    except InputError as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        _end(
            f"expected the package {package}, it is not installed; please install what this "
            f"command needs: pip install 'timbre-transfer[{EXTRAS[package]}]'."
        )
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        which = f" {error.filename}" if error.filename else ""
        _end(f"expected to read or write a file{which}: {error.strerror}; please mend that.")
    except RuntimeError as error:
        torch = sys.modules.get("torch")  # who did not load it has no card to fill
        if torch is None or not isinstance(error, torch.OutOfMemoryError):
            raise
        _end(GPU_FULL)


def _print_any_name() -> None:
    """Let standard output take names of files that are in another encoding than its own."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")


def _end(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(2)
