"""Notes, sounds and mel spectrograms, without PyTorch."""

import os
from contextlib import redirect_stdout, suppress

if os.getenv("CI"):
    # pyfluidsynth then prints which library it found, where only results may be
    with suppress(ImportError), redirect_stdout(None):
        import fluidsynth  # noqa: F401
