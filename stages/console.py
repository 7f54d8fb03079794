"""What every command does alike: one clear sentence and exit code 2 for what the user can mend."""

import sys
from collections.abc import Callable

from audio.errors import InputError


def run(main: Callable[[], None]) -> None:
    """Run a command; turn an `InputError` into its sentence on standard error and exit code 2."""
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
