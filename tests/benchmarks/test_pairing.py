"""The benchmark of style clips: distances by what the clips play, of models that transfer mels."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.pairing import COLUMNS, Row, distances, leveled, load, read, rows
from tests import tiny
from timbre.audio.mel import dequantize
from timbre.core.errors import InputError
from timbre.dataset.examples import STYLE_MUSIC
from timbre.evaluation.metrics import distances as metrics
from timbre.models import checkpoint
from timbre.models.autoencoder import model as autoencoder
from timbre.models.vqvae import model as vqvae

CASES = 10


@pytest.fixture(params=["autoencoder", "vqvae", "vqvae_self"])
def model(request: pytest.FixtureRequest) -> autoencoder.Model | vqvae.Model:
    found = tiny.build(request.param).eval()
    assert isinstance(found, autoencoder.Model | vqvae.Model)
    tiny.randomize(found)
    return found


def mels(view: int) -> NDArray[np.float32]:
    return dequantize(tiny.codes(CASES)[:, view], tiny.AUDIO)


def test_the_level_of_a_mel_does_not_matter() -> None:
    for mel in mels(2):
        assert np.sum(10 ** (leveled(mel) / 10), axis=0).mean() == pytest.approx(1, rel=1e-5)
        assert np.allclose(leveled(mel + 6), leveled(mel), atol=1e-4)
    quiet = np.array([[0.0, -200.0]])
    assert np.ptp(leveled(quiet)) == pytest.approx(metrics.RANGE_DB)


def test_each_column_is_the_distance_of_the_transfer_it_names(
    model: autoencoder.Model | vqvae.Model,
) -> None:
    codes = tiny.codes(CASES)
    found = distances(codes, model)
    assert found.shape == (CASES, len(COLUMNS))
    for case, (content, target) in enumerate(zip(mels(0), mels(2), strict=True)):
        copied = metrics.lsd(leveled(content), leveled(target))
        assert found[case, 0] == pytest.approx(copied)
    # with the target's views put in place of others, columns are each other's
    told = codes.copy()
    told[:, 1] = told[:, 2]
    assert np.allclose(distances(told, model)[:, 1], found[:, 2], atol=1e-3)
    told[:, 0] = told[:, 2]
    assert np.allclose(distances(told, model)[:, 1], found[:, 3], atol=1e-3)
    assert np.allclose(distances(told, model)[:, 0], 0)
    turned = codes.copy()
    turned[:, 1] = np.roll(codes[:, 1], 1, axis=0)
    assert np.allclose(distances(turned, model)[:, 1], found[:, 4], atol=1e-3)


def test_cases_are_told_apart_by_what_their_style_plays(
    tmp_path: Path, model: autoencoder.Model | vqvae.Model
) -> None:
    path = tiny.write_store(tmp_path / "tiny.zarr", test=tiny.codes(CASES))
    whole, *parts = rows("model", model, path, "test", CASES)
    assert (whole.music, whole.cases) == ("all", CASES)
    assert [part.music for part in parts] == list(STYLE_MUSIC)
    assert sum(part.cases for part in parts) == CASES
    mean = np.average([part.lsd for part in parts], axis=0, weights=[p.cases for p in parts])
    assert np.allclose(mean, whole.lsd)
    few = list(rows("model", model, path, "test", 2))
    assert [(row.music, row.cases) for row in few] == [
        ("all", 2),
        *((m, 1) for m in STYLE_MUSIC[:2]),
    ]
    shutil.rmtree(path / "test" / "style_music")  # a store of an earlier version
    assert list(rows("model", model, path, "test", CASES)) == [whole]


def test_shares_are_of_copied_contents_distance() -> None:
    row = Row("model", "store", "test", "any", 3, [10.0, 5.0, 4.0, 2.5, 12.0])
    assert row.markdown() == (
        "| model | store | test | any | 3 | 10.00 "
        "| 5.00 (0.500) | 4.00 (0.400) | 2.50 (0.250) | 12.00 (1.200) |"
    )


def test_other_models_and_other_mels_are_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "glow", tiny.build("glow"))
    with pytest.raises(InputError, match=r"expected an autoencoder, .* got glow; please give"):
        load(tmp_path / "glow")
    checkpoint.save(tmp_path / "autoencoder", tiny.build("autoencoder"))
    model = load(tmp_path / "autoencoder")
    path = tiny.write_store(tmp_path / "store", test=tiny.codes(2))
    assert len(read(path, "test", model)) == 2
    model.audio = model.audio.model_copy(update={"n_mels": 32})
    with pytest.raises(InputError, match=r"expected a store with the model's mel .*; please give"):
        read(path, "test", model)
