"""A training that goes astray ends with a sentence, and one bad gradient is passed over."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests import tiny
from tests.training.doubles import Data, Logarithm, Root, Silent, trainer
from timbre.training.trainer import DivergedError, Trainer


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit is a promise for the CPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny.datasets(tmp_path_factory.mktemp("data") / "store")


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


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_progress(
    data: Data, tmp_path: Path
) -> None:
    train, valid = data
    made = trainer("toy", Logarithm(), tmp_path)
    sentence = (
        r"^expected a finite loss and gradient, got -?(inf|nan) in step 5 .*"
        r"the state after step 4 is kept in .*progress\.pt; please lower toy\.learning_rate"
    )
    with pytest.raises(DivergedError, match=sentence):
        made.fit(Silent(train, 4, 5), valid)
    assert trainer("toy", Logarithm(), tmp_path).progress.step == 4


def test_a_gradient_that_is_not_finite_is_skipped_and_counted(data: Data, tmp_path: Path) -> None:
    train, valid = data
    model = Root()
    made = trainer("toy", model, tmp_path, steps=2, valid_every=2)
    made.fit(Silent(train, 0, 2), valid)
    assert model.weight == 1
    assert made.progress.skipped == 2
    assert made.progress.history[-1]["train_loss"] == 0
    assert trainer("toy", Root(), tmp_path).progress.skipped == 2


def test_training_goes_on_after_a_skipped_step(data: Data, tmp_path: Path) -> None:
    model = Root()
    trainer("toy", model, tmp_path).fit(Silent(data[0], 1, 3), data[1])
    assert model.weight.isfinite()
    assert model.weight != 1


def test_many_skipped_steps_in_a_row_end_the_run(data: Data, tmp_path: Path) -> None:
    made = trainer("toy", Root(), tmp_path, steps=40, valid_every=40)
    with pytest.raises(DivergedError, match=r"\(20 gradients skipped\); none was saved"):
        made.fit(Silent(data[0], 1, 40), data[1])
