"""Training that survives a kill: weights, optimizer and history in one file, replaced whole."""

import csv
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from audio.files import replacing


class Progress:
    """Where a training stands.

    Args:
        path: the file; if it is there, model and optimizer are taken up from it.
        model: what is trained.
        optimizer: with its state.
    """

    def __init__(self, path: Path, model: nn.Module, optimizer: Optimizer) -> None:
        self._path, self._model, self._optimizer = path, model, optimizer
        self.step = 0
        self.skipped = 0  # steps whose gradient was not finite
        self.history: list[dict[str, float]] = []
        if path.exists():
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            self.step, self.skipped = state["step"], state["skipped"]
            self.history = state["history"]

    def save(self, step: int, row: dict[str, float]) -> None:
        """Remember that `step` steps are done, with a row for the history."""
        self.step = step
        self.history.append({"step": step, **row})
        state = {
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "skipped": self.skipped,
            "history": self.history,
        }
        with replacing(self._path) as temporary:
            torch.save(state, temporary)

    def write_history(self, path: Path) -> None:
        """Write the history as CSV, a row for each validation."""
        with replacing(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self.history[0]), lineterminator="\n")
            writer.writeheader()
            for row in self.history:
                writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
