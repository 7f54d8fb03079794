"""Environment variables of the process, set before the libraries that read them are loaded."""

import os
from contextlib import redirect_stdout, suppress

# threads of OpenMP that spin while they wait take the core from those they wait for
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if os.getenv("CI"):
    # pyfluidsynth then prints which library it found, where only results may be
    with suppress(ImportError), redirect_stdout(None):
        import fluidsynth  # noqa: F401
