"""Scratch folders that outlive a kill: they lie outside the outputs, which DVC deletes first."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from timbre.core.files import fingerprint

ROOT = Path(".scratch")  # ignored by Git and DVC


class Scratch:
    """A folder named after a stage and everything its result depends on.

    A stage that is started again with equal `parts` finds what it left there; with other parts it
    finds nothing. On success the folder is deleted, after an error or a kill it stays.

    Args:
        name: of the stage.
        parts: everything the result depends on, for `timbre.core.files.fingerprint`.
    """

    def __init__(self, name: str, *parts: Any) -> None:
        self.path = ROOT / f"{name}-{fingerprint(*parts)}"

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            shutil.rmtree(self.path)
