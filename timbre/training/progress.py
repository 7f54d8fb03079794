"""Progress of a training, which survives a kill: one file, replaced whole."""

import csv
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from timbre.core.files import replacing

Row = dict[str, float]


class Progress:
    """State of a training.

    Args:
        path: the file; if it is there, model and optimizer are taken up from it.
        model: what is trained.
        optimizer: with its state.
        validated: the model whose weights are validated and kept: `model`, or one with its average.
        patience: validations without a lower loss after which the training is over, and the
            weights of the best one are kept; 0: it is never over early, and the last are kept.
    """

    def __init__(
        self,
        path: Path,
        model: nn.Module,
        optimizer: Optimizer,
        validated: nn.Module,
        patience: int,
    ) -> None:
        self.path, self._model, self._optimizer, self._validated = path, model, optimizer, validated
        self._patience = patience
        self.step = 0
        self.seconds = 0.0  # of training, over all runs
        self.skipped = 0  # steps whose gradient was not finite
        self.threads = torch.get_num_threads()  # of the run before, on which rounding depends
        self.history: list[Row] = []
        self._best: dict[str, Tensor] | None = None  # the weights of the best validation
        if path.exists():
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            model.load_state_dict(state["model"])
            if validated is not model:
                validated.load_state_dict(state["average"])
            optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]
            self.skipped, self.history = state["skipped"], state["history"]
            self._best, self.threads = state["best"], state["threads"]

    def add(self, step: int, row: Row) -> None:
        """Remember that `step` steps are done and what they led to."""
        self.step = step
        self.history.append({"step": step, **row})
        if self._patience and self._best_number() == len(self.history) - 1:
            weights = self._validated.state_dict()
            self._best = {name: value.cpu().clone() for name, value in weights.items()}

    def save(self) -> None:
        """Write everything."""
        state = {
            "model": self._model.state_dict(),
            "average": None if self._validated is self._model else self._validated.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "skipped": self.skipped,
            "history": self.history,
            "best": self._best,
            "threads": torch.get_num_threads(),
        }
        with replacing(self.path) as temporary:
            torch.save(state, temporary)

    @property
    def begun(self) -> str:
        """Sentence that says where it is taken up."""
        threads = torch.get_num_threads()
        if threads == self.threads:
            return f"taken up after step {self.step}"
        return (
            f"taken up after step {self.step} with {threads} threads, not {self.threads} as "
            "before: the result is as good, but not the same in all bits"
        )

    @property
    def exhausted(self) -> bool:
        """Whether the loss has not fallen for so long that more steps are no use."""
        waited = len(self.history) - 1 - self._best_number() if self.history else 0
        return bool(self._patience) and waited >= self._patience

    @property
    def final_row(self) -> Row:
        """Row of the history for the weights that are kept."""
        return self.history[self._best_number() if self._patience else -1]

    def keep(self) -> None:
        """Give the model the weights that are kept."""
        if self._best is not None:
            self._model.load_state_dict(self._best)
        elif self._validated is not self._model:
            self._model.load_state_dict(self._validated.state_dict())

    def write_history(self, path: Path) -> None:
        """Write the history as CSV, a row for each validation."""
        with replacing(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self.history[0]), lineterminator="\n")
            writer.writeheader()
            for row in self.history:
                writer.writerow({name: f"{value:.6g}" for name, value in row.items()})

    def _best_number(self) -> int:
        """Validation with the lowest loss; the first of equal ones."""
        losses = [row["valid_loss"] for row in self.history]
        return min(range(len(losses)), key=lambda i: (math.isnan(losses[i]), losses[i]))
