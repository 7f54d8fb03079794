"""Mels that a model made for a vocoder: the same again, and in their share beside the targets."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import sounding, tiny
from timbre.core.errors import InputError
from timbre.models import checkpoint
from timbre.store.store import VIEWS, Split
from timbre.training import model_mels


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    path = tmp_path_factory.mktemp("data") / "store"
    return Split(sounding.write_store(path, train=12, keep_audio=10), "train")


@pytest.mark.parametrize("name", ["autoencoder", "vqvae"])
def test_one_is_made_for_each_example_that_is_heard(
    name: str, split: Split, tmp_path: Path
) -> None:
    model = tiny.build(name).eval()
    tiny.randomize(model, scale=0.05)
    files = (tmp_path / "a.npy", tmp_path / "b.npy")
    one, other = (model_mels.model_mels(model, split, tiny.AUDIO, file) for file in files)
    assert one.shape == (10, tiny.AUDIO.n_mels, tiny.FRAMES)
    assert np.array_equal(one, other)
    assert len({each.tobytes() for each in one}) == len(one)


def test_what_was_made_once_is_read(split: Split, tmp_path: Path) -> None:
    one, other = (tiny.build("autoencoder", seed).eval() for seed in range(2))
    file = tmp_path / "kept.npy"
    kept = model_mels.model_mels(one, split, tiny.AUDIO, file)
    assert np.array_equal(model_mels.model_mels(other, split, tiny.AUDIO, file), kept)
    assert list(tmp_path.iterdir()) == [file]


def test_styles_are_heard_in_style_clips_and_targets_by_turns(split: Split, tmp_path: Path) -> None:
    class Styles(torch.nn.Module):
        def style(self, clip: torch.Tensor) -> torch.Tensor:
            return clip

        def transfer(self, content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
            return style

    found = model_mels.model_mels(Styles(), split, tiny.AUDIO, tmp_path / "styles.npy")
    stored = split.mel(0, 10)
    for number, mel in enumerate(found):
        view = VIEWS.index("target" if number % 2 else "style")
        assert np.array_equal(mel, stored[number, view])


def test_a_model_of_another_mel_or_one_that_makes_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, tiny.build("autoencoder"))
    finer = tiny.AUDIO.model_copy(update={"n_mels": 24})
    with pytest.raises(InputError, match=r"a model of the store's mel"):
        model_mels.load_transfer_model(path, finer)
    checkpoint.save(path, tiny.build("timbre_net"))
    with pytest.raises(InputError, match=r"expected a model that transfers"):
        model_mels.load_transfer_model(path, tiny.AUDIO)
