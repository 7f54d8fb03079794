"""Mels that a model made for a vocoder: the same again, and in their share beside the targets."""

from pathlib import Path

import numpy as np
import pytest
import torch

from audio.errors import InputError
from audio.store import VIEWS, Split
from models import checkpoint, made_mels
from models.audio_dataset import AudioDataset
from tests import sounding, tiny

CROP = 16


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    path = tmp_path_factory.mktemp("data") / "store"
    return Split(sounding.write_store(path, train=12, keep_audio=10), "train")


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return tiny.build("autoencoder").eval()


def test_they_are_of_those_that_keep_their_audio_and_the_same_again(
    split: Split, model: torch.nn.Module, tmp_path: Path
) -> None:
    one, other = (
        made_mels.made(model, split, tiny.AUDIO, 0, tmp_path / name) for name in ("a.npy", "b.npy")
    )
    assert one.shape == (10, tiny.AUDIO.n_mels, tiny.FRAMES)
    assert np.array_equal(one, other)


def test_what_was_made_once_is_read(split: Split, model: torch.nn.Module, tmp_path: Path) -> None:
    kept = made_mels.made(model, split, tiny.AUDIO, 0, tmp_path / "kept.npy")
    other = tiny.build("autoencoder", seed=1).eval()
    assert np.array_equal(made_mels.made(other, split, tiny.AUDIO, 0, tmp_path / "kept.npy"), kept)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npy"]


def test_styles_are_heard_in_style_clips_and_targets_by_turns(split: Split, tmp_path: Path) -> None:
    class Styles(torch.nn.Module):
        def transfer(self, content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
            return style

    found = made_mels.made(Styles(), split, tiny.AUDIO, 0, tmp_path / "styles.npy")
    stored = split.mel(0, 10)
    for number, mel in enumerate(found):
        view = VIEWS.index("target" if number % 2 else "style")
        assert np.array_equal(mel, stored[number, view])


def test_a_batch_has_its_share_of_them_beside_the_targets_audio(split: Split) -> None:
    made = np.full((10, tiny.AUDIO.n_mels, tiny.FRAMES), 255, np.uint8)  # as no true one is
    data = AudioDataset(split, CROP, made, 0.25)
    batches = [data.batch(0, step, 16) for step in range(50)]
    flags = np.stack([(batch.mel == 255).all(axis=(1, 2)) for batch in batches])
    assert flags.mean() == pytest.approx(0.25, abs=0.05)
    targets = split.samples(0, 10)[:, VIEWS.index("target")]
    hop = tiny.AUDIO.hop_length
    starts = range(tiny.FRAMES - CROP + 1)
    crops = {targets[n, s * hop : (s + CROP) * hop].tobytes() for n in range(10) for s in starts}
    for batch, made_ones in zip(batches, flags, strict=True):
        assert all(sound.tobytes() in crops for sound in batch.target[made_ones])


def test_in_validation_all_are_made_or_none(split: Split) -> None:
    made = np.full((10, tiny.AUDIO.n_mels, tiny.FRAMES), 255, np.uint8)
    assert (AudioDataset(split, CROP, made, 1.0).in_order(0, 10).mel == 255).all()
    assert not (AudioDataset(split, CROP, made, 0.25).in_order(0, 10).mel == 255).any()


def test_without_a_share_batches_are_as_without_a_model(split: Split) -> None:
    made = np.full((10, tiny.AUDIO.n_mels, tiny.FRAMES), 255, np.uint8)
    one, other = AudioDataset(split, CROP, made, 0.0), AudioDataset(split, CROP)
    assert np.array_equal(one.batch(0, 3, 8).mel, other.batch(0, 3, 8).mel)


def test_a_model_of_another_mel_or_one_that_makes_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, tiny.build("autoencoder"))
    finer = tiny.AUDIO.model_copy(update={"n_mels": 24})
    with pytest.raises(InputError, match=r"a model of the store's mel"):
        made_mels.transferring(path, finer)
    checkpoint.save(path, tiny.build("timbre"))
    with pytest.raises(InputError, match=r"expected a model that transfers"):
        made_mels.transferring(path, tiny.AUDIO)
