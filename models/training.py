"""The training loop that all models share, on Lightning Fabric."""

import math
import time
from collections import defaultdict
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from audio.errors import InputError
from audio.mel import Codes
from audio.params import Audio
from models.dataset import Batch, StoreDataset, step_seed
from models.params import Training
from models.progress import Progress

MAX_SKIPPED_IN_A_ROW = 20  # gradients that are not finite, before the run is given up


class DivergedError(InputError):
    """The loss is no number any more."""


def precision(model: nn.Module) -> Literal["bf16-mixed", "32-true"]:
    """The precision a model is trained in on this machine.

    bfloat16 where the hardware multiplies it (and the model allows), float32 elsewhere.
    """
    if not model.low_precision:
        return "32-true"
    if torch.cuda.is_available():
        return (
            "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
        )
    return "bf16-mixed" if torch.cpu._is_amx_tile_supported() else "32-true"


def learning_rate(step: int, settings: Training) -> float:
    """Linear warm-up, then half a cosine down to nothing: a function of the step alone."""
    warm = min(1.0, (step + 1) / (settings.warmup_steps + 1))
    return settings.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / settings.steps))


class Trainer:
    """Trains one model.

    Args:
        name: for messages.
        model: `model(content, style, target, **hints)` gives a dictionary of losses with `total`;
            its `hints` name what else of a batch it learns from.
        settings: of the training.
        audio: how codes are read.
        seed: all chance in a step comes from (seed, step).
        progress: the file that the training is taken up from.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        settings: Training,
        audio: Audio,
        seed: int,
        progress: Path,
    ) -> None:
        self._name, self._settings, self._audio, self._seed = name, settings, audio, seed
        # one device: the quantiser's averages are not joined across processes
        self.fabric = Fabric(accelerator="auto", devices=1, precision=precision(model))
        self.fabric.launch()
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            trained,
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
        )
        self.model = model
        self._module, self._optimizer = self.fabric.setup(model, optimizer)
        self.progress = Progress(progress, model, optimizer)
        self._path = progress

    def fit(self, train: StoreDataset, valid: StoreDataset) -> float:
        """Train to the last step.

        Returns:
            Examples a second, over the steps done in this call; 0 if there were none.

        Raises:
            DivergedError: if the loss is no number, or many gradients in a row are not finite.
        """
        settings, start, begun = self._settings, self.progress.step, time.perf_counter()
        losses: list[float] = []
        skipped_in_a_row = 0
        with tqdm(total=settings.steps, initial=start, desc=self._name, unit="step") as bar:
            for step in range(start, settings.steps):
                loss, finite = self._step(step, train)
                losses.append(loss)
                self.progress.skipped += not finite
                skipped_in_a_row = 0 if finite else skipped_in_a_row + 1
                if not math.isfinite(loss) or skipped_in_a_row == MAX_SKIPPED_IN_A_ROW:
                    raise DivergedError(self._sentence(step, loss))
                bar.update()
                speed = (step + 1 - start) * settings.batch_size / (time.perf_counter() - begun)
                bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} examples/s", refresh=False)
                if (step + 1) % settings.valid_every == 0:
                    row = {"train_loss": float(np.mean(losses)), **self.validate(valid)}
                    if self.fabric.is_global_zero:
                        self.progress.save(step + 1, row)
                    losses.clear()
        done = (settings.steps - start) * settings.batch_size
        return done / (time.perf_counter() - begun)

    def _step(self, step: int, train: StoreDataset) -> tuple[float, bool]:
        """One step of the optimizer.

        Returns:
            The loss, and whether the gradient was finite; if not, no weight was changed.
        """
        settings, fabric = self._settings, self.fabric
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, settings)
        torch.manual_seed(step_seed(self._seed, step) + fabric.global_rank)
        self._module.train()
        loss = self._losses(train.batch(self._seed, step, settings.batch_size))["total"]
        self._optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(
            self._module,
            self._optimizer,
            max_norm=settings.max_grad_norm,
            error_if_nonfinite=False,
        )
        assert norm is not None
        finite = bool(torch.isfinite(norm))
        if finite:
            self._optimizer.step()
        return loss.item(), finite

    @torch.no_grad()
    def validate(self, valid: StoreDataset) -> dict[str, float]:
        """Mean of every term over the validation examples; `total` is called `valid_loss`."""
        self._module.eval()
        torch.manual_seed(self._seed)
        sums: defaultdict[str, float] = defaultdict(float)
        size = self._settings.batch_size
        for start in range(0, len(valid), size):
            batch = valid.in_order(start, size)
            for name, value in self._losses(batch).items():
                sums["valid_loss" if name == "total" else name] += value.item() * len(batch.target)
        return {name: value / len(valid) for name, value in sums.items()}

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        """The model's losses on this process's share of a batch."""
        own = slice(self.fabric.global_rank, None, self.fabric.world_size)
        mels = [self._mel(codes[own]) for codes in (batch.content, batch.style, batch.target)]
        names: tuple[str, ...] = self.model.hints  # type: ignore[assignment]  # a plain value
        known: dict[str, Tensor | None] = {}
        if "notes" in names:
            bits = None if batch.notes is None else np.unpackbits(batch.notes[own], axis=1)
            known["notes"] = None if bits is None else torch.from_numpy(bits).to(self.fabric.device)
        if "programs" in names:
            known["programs"] = torch.from_numpy(batch.programs[own]).to(self.fabric.device)
        losses: dict[str, Tensor] = self._module(*mels, **known)
        return losses

    def _mel(self, codes: Codes) -> Tensor:
        """Codes -> dB on the device."""
        levels = torch.from_numpy(codes).to(self.fabric.device).float()
        return levels * self._audio.db_step + self._audio.db_min

    def _sentence(self, step: int, loss: float) -> str:
        saved = self.progress.step
        kept = (
            f"the state after step {saved} is kept in {self._path}" if saved else "none was saved"
        )
        return (
            f"expected a finite loss and gradient, got {loss} in step {step + 1} of {self._name} "
            f"({self.progress.skipped} gradients skipped); {kept}; "
            f"please lower train.{self._name}.learning_rate and run it again."
        )
