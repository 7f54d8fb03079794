"""A run that goes astray ends, though its numbers stay finite."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests import tiny
from timbre.training.trainer import DivergedError, Trainer


class Growing(nn.Module):
    """A model whose loss grows tenfold with each step that it is trained."""

    supports_bf16 = False
    extra_inputs: tuple[str, ...] = ()

    def __init__(self, sign: float) -> None:
        super().__init__()
        self.sign, self.steps = sign, 0
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> dict[str, Tensor]:
        self.steps += self.training
        return {"total": self.weight * self.sign * 10.0**self.steps}


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_huge_loss_ends_the_run_and_keeps_the_progress(tmp_path: Path, sign: float) -> None:
    train, valid = tiny.datasets(tmp_path / "store")
    settings = tiny.settings("glow", steps=20, valid_every=2, learning_rate=1e-9)
    made = Trainer("toy", Growing(sign), settings, tiny.AUDIO, 0, tmp_path / "progress.pt")
    with pytest.raises(DivergedError, match=r"^expected a loss below 1,000,000, got .* in step 7 "):
        made.fit(train, valid)
    assert made.progress.step == 6
