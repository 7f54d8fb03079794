"""One-shot timbre transfer: the notes of one clip in the sound of another.

>>> from timbre import Transfer, TransferSettings
>>> transfer = Transfer.load("vqvae")
>>> output = transfer(content, style, sample_rate, TransferSettings(strength=0.8))
"""

from importlib import import_module
from typing import TYPE_CHECKING

from timbre.core import environment as environment  # before PyTorch is loaded
from timbre.version import __version__

if TYPE_CHECKING:
    from timbre.core.errors import InputError as InputError
    from timbre.transfer.progress import ProgressCallback as ProgressCallback
    from timbre.transfer.results import TransferReport as TransferReport
    from timbre.transfer.results import TransferResult as TransferResult
    from timbre.transfer.settings import OutputFormat as OutputFormat
    from timbre.transfer.settings import TransferSettings as TransferSettings
    from timbre.transfer.transfer import Transfer as Transfer

_PUBLIC = {  # loaded when they are first asked for: PyTorch takes a second
    "InputError": "timbre.core.errors",
    "OutputFormat": "timbre.transfer.settings",
    "ProgressCallback": "timbre.transfer.progress",
    "Transfer": "timbre.transfer.transfer",
    "TransferReport": "timbre.transfer.results",
    "TransferResult": "timbre.transfer.results",
    "TransferSettings": "timbre.transfer.settings",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> object:
    """A public name, from the module that defines it."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*globals(), *_PUBLIC])
