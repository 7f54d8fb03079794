"""The training loop that all models share, on Lightning Fabric."""

import math
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from timbre.core.errors import InputError
from timbre.core.optimization import Optimization
from timbre.core.params import Audio
from timbre.store.batches import step_seed
from timbre.training import devices, optimizers, previews
from timbre.training.averaging import Average
from timbre.training.progress import Progress
from timbre.training.sharding import Data, share

MAX_SKIPPED_IN_A_ROW = 20  # gradients that are not finite, before the run is given up
MAX_LOSS = 1e6  # beyond it a run is given up too: a flow can go there and stay finite


class DivergedError(InputError):
    """The loss is no number any more, or a huge one."""


class Trainer:
    """Trains one model, in one process or in several that share each batch.

    Their number changes the result as little as can be: batches, augmentation and validation are
    the same, codebooks and the flow's start are those of the whole batch; noise that a model draws
    is another in each process.

    Args:
        section: of the parameters, as `train.glow`: for messages.
        model: `model(content, style, target, **extras)` gives a dictionary of losses with `total`;
            its `extra_inputs` name what else of a batch it learns from.
        settings: of the training.
        audio: how codes are read.
        seed: all chance in a step comes from (seed, step).
        progress: the file that the training is taken up from.
        processes: how many; None: one for each GPU, or one.
        compiled: let `torch.compile` make the model's code.
        pictures: a folder for pictures of what a model that transfers makes along the way.

    Raises:
        InputError: if the processes cannot share a batch.
    """

    def __init__(
        self,
        section: str,
        model: nn.Module,
        settings: Optimization,
        audio: Audio,
        seed: int,
        progress: Path,
        processes: int | None = 1,
        compiled: bool = False,
        pictures: Path | None = None,
    ) -> None:
        self._section, self.settings, self._audio, self._seed = section, settings, audio, seed
        self._pictures = pictures if hasattr(model, "transfer") else None
        self.fabric = devices.launched(section, model, settings.batch_size, processes)
        optimizer = optimizers.build(model, settings)
        self.model = model
        module: Any = torch.compile(model) if compiled else model
        self._module, self._optimizer = self.fabric.setup(module, optimizer)
        self._average = Average(model, settings.ema) if settings.ema else None
        self._validated = model if self._average is None else self._average.model
        self.progress = Progress(progress, model, optimizer, self._validated, settings.patience)
        self._skipped_in_a_row = 0

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return bool(self.fabric.is_global_zero)

    def fit(self, train: Data, valid: Data, **others: Data) -> None:
        """Train to the last step, or until patience ends; the model has the weights to keep.

        Args:
            train: what to learn from.
            valid: what the weights are chosen by.
            others: what is validated beside it: its loss is `valid_loss_` and the name.

        Raises:
            DivergedError: if the loss is no number or huge, or many gradients in a row are not
                finite.
        """
        settings, progress = self.settings, self.progress
        begun = time.perf_counter() - progress.seconds
        with tqdm(
            total=settings.steps,
            initial=progress.step,
            desc=self._section.rpartition(".")[2],
            unit="step",
            disable=not self.leads,
        ) as bar:
            while progress.step < settings.steps and not progress.exhausted:
                stop = progress.step + settings.valid_every
                losses = []
                for step in range(progress.step, stop):
                    losses.append(self._step(step, train))
                    bar.update()
                    speed = (step + 1) * settings.batch_size / (time.perf_counter() - begun)
                    text = f"loss {losses[-1]:.3f}, {speed:.0f} examples/s"
                    bar.set_postfix_str(text, refresh=False)
                row = {"train_loss": float(np.mean(losses)), **self.validate(valid)}
                for name, other in others.items():
                    row[f"valid_loss_{name}"] = self.validate(other)["valid_loss"]
                progress.add(stop, row)
                progress.seconds = time.perf_counter() - begun
                if self.leads:
                    self._draw(stop, valid)
                    progress.save()
        progress.keep()
        self.model.eval()

    def _step(self, step: int, train: Data) -> float:
        """One step of the optimizer.

        Where the gradient is not finite, no weight is changed.

        Returns:
            The loss, over the whole batch.

        Raises:
            DivergedError: see `fit`.
        """
        settings, fabric = self.settings, self.fabric
        optimizers.set_rates(self._optimizer, step, settings)
        self._module.train()
        batch = train.batch(self._seed, step, settings.batch_size)
        seed = step_seed(self._seed, step)
        mels, extras = share(batch, self._extra_inputs, settings, self._audio, fabric, seed)
        torch.manual_seed(step_seed(self._seed, step, 1 + fabric.global_rank))
        loss: Tensor = self._module(*mels, **extras)["total"]
        self._optimizer.zero_grad()
        fabric.backward(loss)
        norm = fabric.clip_gradients(
            self._module,
            self._optimizer,
            max_norm=settings.max_grad_norm,
            error_if_nonfinite=False,
        )
        assert norm is not None
        if torch.isfinite(norm):
            self._optimizer.step()
            if self._average is not None:
                self._average.update(step)
            self._skipped_in_a_row = 0
        else:
            self.progress.skipped += 1
            self._skipped_in_a_row += 1
        mean = torch.as_tensor(fabric.all_reduce(loss.detach())).item()
        diverged = not abs(mean) <= MAX_LOSS  # nor is it where it is no number
        if diverged or self._skipped_in_a_row == MAX_SKIPPED_IN_A_ROW:
            raise DivergedError(self._sentence(step, mean))
        return mean

    @torch.no_grad()
    def validate(self, valid: Data) -> dict[str, float]:
        """Mean of every term over the validation examples; `total` is called `valid_loss`.

        What is validated are the weights that are kept: the averaged ones, where there are some.
        Each process takes other batches, whole ones, so that their number changes nothing.
        """
        self._validated.eval()
        size, fabric = self.settings.batch_size, self.fabric
        totals: dict[int, dict[str, float]] = {}
        for start in range(fabric.global_rank * size, len(valid), fabric.world_size * size):
            batch = valid.in_order(start, size)
            torch.manual_seed(step_seed(self._seed, start))
            mels, extras = batch.tensors(
                slice(None), self._extra_inputs, self._audio, fabric.device
            )
            with fabric.autocast():
                losses = self._validated(*mels, **extras)
            totals[start] = {name: len(mels[0]) * value.item() for name, value in losses.items()}
        merged = {
            start: terms for each in devices.gathered(totals) for start, terms in each.items()
        }
        sums: defaultdict[str, float] = defaultdict(float)
        for start in sorted(merged):
            for name, value in merged[start].items():
                sums["valid_loss" if name == "total" else name] += value
        return {name: value / len(valid) for name, value in sums.items()}

    def _draw(self, step: int, valid: Data) -> None:
        """A picture of some validation examples, where one is wanted."""
        if self._pictures is not None and previews.is_due(step, self.settings):
            batch = valid.in_order(0, previews.PICTURE_EXAMPLES)
            mels, _ = batch.tensors(slice(None), (), self._audio, self.fabric.device)
            previews.draw(
                self._pictures / f"step-{step:06d}.png", self._validated, mels, self._audio
            )

    @property
    def _extra_inputs(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self.model.extra_inputs  # type: ignore[assignment]  # a plain value
        return names

    def _sentence(self, step: int, loss: float) -> str:
        saved = self.progress.step
        state = (
            f"the state after step {saved} is kept in {self.progress.path}"
            if saved
            else "none was saved"
        )
        huge = math.isfinite(loss) and abs(loss) > MAX_LOSS
        wanted = f"a loss below {MAX_LOSS:,.0f}" if huge else "a finite loss and gradient"
        rate = "muon_rate" if self.settings.optimizer == "muon" else "learning_rate"
        return (
            f"expected {wanted}, got {loss} in step {step + 1} "
            f"({self.progress.skipped} gradients skipped); {state}; "
            f"please lower {self._section}.{rate} and run it again."
        )
