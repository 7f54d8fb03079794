"""Training: taken up again it is the same, and it does not go on when it is lost."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from torch import Tensor

from tests import tiny
from tests.training.doubles import Cut, Data, Root, trainer
from timbre.audio.pictures import GAP
from timbre.core.scratch import Scratch
from timbre.store.batches import StoreDataset
from timbre.training import previews
from timbre.training.optimizers import schedule
from timbre.training.trainer import Trainer


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit is a promise for the CPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny.datasets(tmp_path_factory.mktemp("data") / "store")


@pytest.mark.parametrize("name", [*tiny.MODELS, "timbre_net"])
def test_interrupted_and_taken_up_again_is_the_same(name: str, data: Data, tmp_path: Path) -> None:
    train, valid = data
    whole = trainer(name, tiny.build(name), tmp_path / "whole")
    whole.fit(train, valid)
    with pytest.raises(KeyboardInterrupt):
        trainer(name, tiny.build(name), tmp_path / "cut").fit(Cut(train, 5), valid)
    # begun differently, to show that all comes from the file
    resumed = trainer(name, tiny.build(name, seed=1), tmp_path / "cut")
    assert resumed.progress.step == 4
    resumed.fit(Cut(train, 2), valid)
    assert tiny.same_state(resumed.model, whole.model)
    assert resumed.progress.history == whole.progress.history
    assert [row["step"] for row in whole.progress.history] == [2, 4, 6]


def test_a_finished_training_is_not_repeated(data: Data, tmp_path: Path) -> None:
    train, valid = data
    first = trainer("autoencoder", tiny.build("autoencoder"), tmp_path)
    first.fit(train, valid)
    again = trainer("autoencoder", tiny.build("autoencoder", seed=1), tmp_path)
    again.fit(Cut(train, 0), valid)
    assert tiny.same_state(again.model, first.model)


@dataclass
class Fading:
    """A trainer's validation whose loss falls, rises and would fall again."""

    made: Trainer
    losses: tuple[float, ...]

    def __call__(self, valid: StoreDataset) -> dict[str, float]:
        return {"valid_loss": self.losses[len(self.made.progress.history)]}


@pytest.mark.parametrize("cut", [None, 3, 5, 7])
def test_patience_ends_a_training_and_keeps_the_best(
    cut: int | None, data: Data, tmp_path: Path
) -> None:
    losses = (3.0, 1.0, 2.0, 1.0, 0.5, 0.1)  # an equal one is no lower one
    settings = {"steps": 12, "valid_every": 2}

    def begin(patience: int, seed: int = 0, folder: str = "stopped") -> Trainer:
        model = tiny.build("vqvae", seed)
        made = trainer("vqvae", model, tmp_path / folder, patience=patience, **settings)
        made.validate = Fading(made, losses)  # type: ignore[method-assign,assignment]
        return made

    if cut is not None:  # killed before the best, after it, and within the patience
        with pytest.raises(KeyboardInterrupt):
            begin(2).fit(Cut(data[0], cut), data[1])
    stopped = begin(2, seed=0 if cut is None else 1)
    stopped.fit(*data)
    assert [row["valid_loss"] for row in stopped.progress.history] == [3.0, 1.0, 2.0, 1.0]
    assert stopped.progress.final_row == stopped.progress.history[1]

    whole = begin(0, folder="whole")
    with pytest.raises(KeyboardInterrupt):
        whole.fit(Cut(data[0], 4), data[1])
    assert whole.progress.step == 4
    assert tiny.same_state(stopped.model, whole.model)

    again = begin(2, seed=1)  # over is over
    again.fit(Cut(data[0], 0), data[1])
    assert tiny.same_state(again.model, whole.model)


def test_without_patience_the_last_weights_are_kept(data: Data, tmp_path: Path) -> None:
    made = trainer("autoencoder", tiny.build("autoencoder"), tmp_path, patience=0)
    made.validate = Fading(made, (1.0, 2.0, 3.0))  # type: ignore[method-assign,assignment]
    made.fit(*data)
    assert made.progress.step == 6
    assert made.progress.final_row["valid_loss"] == 3.0


def test_training_learns_and_another_seed_learns_otherwise(data: Data, tmp_path: Path) -> None:
    settings = tiny.settings("autoencoder", steps=30, valid_every=10, learning_rate=5e-3)
    losses = []
    for seed in (0, 1):
        path = tmp_path / f"{seed}.pt"
        model = tiny.build("autoencoder")
        made = Trainer("autoencoder", model, settings, tiny.AUDIO, seed, path)
        made.fit(*data)
        losses.append([row["train_loss"] for row in made.progress.history])
    assert losses[0][-1] < losses[0][0]
    assert losses[0] != losses[1]


def test_validation_is_the_mean_over_all_examples_and_changes_nothing(
    data: Data, tmp_path: Path
) -> None:
    _, valid = data
    made = trainer("vqvae", tiny.build("vqvae"), tmp_path)
    before = tiny.build("vqvae")
    batches_of_4 = made.validate(valid)
    at_once = trainer("vqvae", tiny.build("vqvae"), tmp_path, batch_size=6)
    # loosely, for in bfloat16 a batch of another size rounds otherwise
    loss = at_once.validate(valid)["valid_loss"]
    assert batches_of_4["valid_loss"] == pytest.approx(loss, rel=5e-3)
    assert made.validate(valid) == batches_of_4
    assert tiny.same_state(made.model, before)


class Level(Root):
    """The mean level of what is given, to see what a model is trained and validated on."""

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"total": self.weight * (content + style + target).mean()}


def test_augmentation_is_for_training_alone(data: Data, tmp_path: Path) -> None:
    found = {}
    for reach in (0.0, 6.0):
        noise = {"equalizer_db": reach, "level_db": reach, "noise": reach / 6, "noise_db": -30.0}
        folder = tmp_path / str(reach)
        made = trainer("toy", Level(), folder, augmentation=noise, learning_rate=1e-12)
        made.fit(*data)
        found[reach] = made.progress.history
    for plain, augmented in zip(found[0.0], found[6.0], strict=True):
        assert plain["valid_loss"] == pytest.approx(augmented["valid_loss"])
        assert plain["train_loss"] != pytest.approx(augmented["train_loss"], abs=0.1)


def test_pictures_of_the_same_examples_are_drawn_along_the_way(data: Data, tmp_path: Path) -> None:
    train, valid = data
    pictures = tmp_path / "whole", tmp_path / "cut"
    settings = tiny.settings("glow", steps=6)

    def fit(folder: Path, batches: Any) -> None:
        path = folder / "progress.pt"
        arguments = ("glow", tiny.build("glow"), settings, tiny.AUDIO, 0, path)
        Trainer(*arguments, pictures=folder / "pictures").fit(batches, valid)

    fit(pictures[0], train)
    with pytest.raises(KeyboardInterrupt):
        fit(pictures[1], Cut(train, 3))
    fit(pictures[1], train)
    whole, cut = (sorted((folder / "pictures").iterdir()) for folder in pictures)
    assert [file.name for file in whole] == [f"step-00000{step}.png" for step in (2, 4, 6)]
    assert [file.read_bytes() for file in whole] == [file.read_bytes() for file in cut]
    first, last = (matplotlib.image.imread(whole[i]) for i in (0, -1))
    bands, width = tiny.AUDIO.n_mels, 3 * (16 + GAP)
    assert first.shape == (4 * bands + 3 * GAP, width + 16, 4)
    np.testing.assert_array_equal(first[:, :width], last[:, :width])  # what was given
    assert (first[:, width:] != last[:, width:]).any()  # what the model makes of it


@pytest.mark.parametrize(("steps", "every"), [(6, 2), (24, 2), (40000, 1000), (1300, 100)])
def test_pictures_are_few_and_the_last_is_among_them(steps: int, every: int) -> None:
    settings = tiny.settings("glow", steps=steps, valid_every=every)
    drawn = [step for step in range(every, steps + 1, every) if previews.is_due(step, settings)]
    assert min(steps // every, previews.MAX_PICTURES // 2) <= len(drawn) <= previews.MAX_PICTURES
    assert drawn[-1] == steps


def test_other_parameters_do_not_find_the_progress(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = []

    def interrupted(rate: float) -> None:
        settings = tiny.settings("autoencoder", learning_rate=rate)
        with Scratch("train-autoencoder", 0, settings.model_dump()) as scratch:
            path = scratch.path / "progress.pt"
            model = tiny.build("autoencoder")
            made = Trainer("autoencoder", model, settings, tiny.AUDIO, 0, path)
            steps.append(made.progress.step)
            made.fit(Cut(data[0], 3), data[1])

    for rate in (1e-3, 2e-3, 1e-3):
        with pytest.raises(KeyboardInterrupt):
            interrupted(rate)
    assert steps == [0, 0, 2]


def test_the_learning_rate_warms_up_and_fades() -> None:
    settings = tiny.settings("autoencoder", steps=100, valid_every=50, warmup_steps=9)
    rates = [schedule(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 10)
    assert 0.9 < max(rates) <= 1
    assert rates[:9] == sorted(rates[:9])
    assert rates[12:] == sorted(rates[12:], reverse=True)
    assert rates[-1] < 0.01
    assert rates == [schedule(step, settings) for step in range(100)]
