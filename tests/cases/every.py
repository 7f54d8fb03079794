"""All cases, in one place."""

import importlib

from tests.cases.case import CASES

MODULES = ("writing", "setting_up", "sounds", "crashes", "pipeline", "sentences", "serving")
COUNT = 42


def collect() -> None:
    """Add all cases to `CASES`."""
    for name in MODULES:
        importlib.import_module(f"tests.cases.{name}")
    assert sorted(CASES) == list(range(1, COUNT + 1))
