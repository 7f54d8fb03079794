"""The learned vocoder: all of it learns, it comes nearer, and taken up again it is the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests import sounding, tiny
from timbre.audio.mel import mel_spectrogram
from timbre.models import checkpoint
from timbre.models.vocoder.settings import VocoderSettings
from timbre.models.vocos.config import VocosConfig
from timbre.store.audio_batches import AudioBatch, AudioDataset
from timbre.store.store import Split
from timbre.training.trainer import Trainer

Data = tuple[AudioDataset, AudioDataset]
SETTINGS = VocoderSettings.model_validate(tiny.parameters()["vocoder"]).vocos


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit is a promise for the CPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def build(seed: int = 0, **network: Any) -> nn.Module:
    torch.manual_seed(seed)
    config = VocosConfig.model_validate(SETTINGS.network.model_dump() | network)
    return checkpoint.build("vocos", config, tiny.AUDIO)


def pair(count: int = 2) -> tuple[Tensor, Tensor]:
    """Mels in dB and the audio they are of."""
    heard = sounding.sounds(count)[:, 0]
    mel = mel_spectrogram(heard, tiny.AUDIO)
    return torch.from_numpy(mel).float(), torch.from_numpy(heard).float()


class Cut:
    """Batches that end after so many, as when the process is stopped."""

    def __init__(self, batches: AudioDataset, left: int) -> None:
        self._batches, self._left = batches, left

    def batch(self, seed: int, step: int, size: int) -> AudioBatch:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._batches.batch(seed, step, size)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    path = tmp_path_factory.mktemp("data") / "store"
    sounding.write_store(path, train=12, valid=6)
    train, valid = (AudioDataset(Split(path, name), 16) for name in ("train", "valid"))
    return train, valid


def test_every_weight_learns() -> None:
    model = build().train()
    tiny.randomize(model)
    model(*pair())["total"].backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())


def test_the_first_spectrum_is_about_as_loud_as_the_mel() -> None:
    mel, sound = pair()
    with torch.inference_mode():
        made = build().decode(mel)  # type: ignore[operator]  # a method
    ratio = made.square().mean().sqrt() / sound.square().mean().sqrt()
    assert 0.1 < ratio < 10


def test_it_learns_a_sound() -> None:
    losses = tiny.overfit(build(), pair(), 60)
    assert np.mean(losses[-5:]) < 0.75 * losses[0]


def test_mels_are_roughened_in_training_alone() -> None:
    model, (mel, sound) = build(noise_db=6.0), pair()
    losses = []
    for mode in (True, True, False, False):
        model.train(mode)
        losses.append(model(mel, sound)["total"].item())
    assert losses[0] != losses[1]
    assert losses[2] == losses[3]


def test_what_is_not_roughened_is_the_mel_itself() -> None:
    model, (mel, sound) = build(noise_db=0.0, smear=0), pair()
    losses = [model.train(mode)(mel, sound)["total"].item() for mode in (True, False)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_interrupted_and_taken_up_again_is_the_same(data: Data, tmp_path: Path) -> None:
    def trainer(folder: str, seed: int = 0) -> Trainer:
        path = tmp_path / folder
        return Trainer("vocos", build(seed), SETTINGS, tiny.AUDIO, 0, path)

    train, valid = data
    whole = trainer("whole")
    whole.fit(train, valid)
    with pytest.raises(KeyboardInterrupt):
        trainer("cut").fit(Cut(train, 5), valid)
    resumed = trainer("cut", seed=1)
    assert resumed.progress.step == 4
    resumed.fit(Cut(train, 2), valid)
    assert tiny.same_state(resumed.model, whole.model)
    assert resumed.progress.history == whole.progress.history
    assert [row["step"] for row in whole.progress.history] == [2, 4, 6]
