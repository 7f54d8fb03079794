"""What every command does alike: one clear sentence and exit code 2 for what the user can mend."""

import sys
from collections.abc import Callable

from timbre.core.errors import InputError

FULL = (
    "expected room on the graphics card, it is full; please lower batch_size or crop_frames of "
    "what is trained, end other programs on the card, or leave it alone with CUDA_VISIBLE_DEVICES= "
    "before the command."
)


def run(main: Callable[[], None]) -> None:
    """Run a command; turn an `InputError` into its sentence on standard error and exit code 2.

    A graphics card that is too small is the user's to mend too.
    """
    try:
        main()
    except InputError as error:
        _end(str(error))
    except RuntimeError as error:
        torch = sys.modules.get("torch")  # who did not load it has no card to fill
        if torch is None or not isinstance(error, torch.OutOfMemoryError):
            raise
        _end(FULL)


def _end(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(2)
