"""Which backend computes, and what is said of graphs that cannot be used."""

import shutil
from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.models.shipped import CARD, WEIGHTS
from timbre.runtime import loading
from timbre.runtime.graph_files import SPECTRUM, STYLE, TRANSFER


@pytest.fixture
def copy(weights: Path, tmp_path: Path) -> Path:
    return shutil.copytree(weights, tmp_path / "weights")


def test_graphs_compute_where_they_are(copy: Path) -> None:
    assert loading.load("vqvae", copy).name == "onnx"
    assert loading.load("vqvae", copy, "cpu").name == "onnx"
    assert loading.load("vqvae", copy, backend="torch").name == "torch"
    (copy / "vqvae" / STYLE).unlink()
    assert loading.load("vqvae", copy).name == "torch"
    assert loading.load("glow", copy).name == "onnx"


@pytest.mark.parametrize(
    ("device", "backend", "message"),
    [
        (None, "tensorflow", "expected a backend of onnx and torch"),
        ("cuda", "onnx", "expected the device cpu for the backend onnx"),
        ("tpu", None, "expected the device cpu"),
    ],
)
def test_what_does_not_go_together_is_refused(
    copy: Path, device: str | None, backend: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        loading.load("vqvae", copy, device, backend)


def test_graphs_of_other_weights_are_refused(copy: Path) -> None:
    path = copy / "vqvae" / WEIGHTS
    (copy / "vqvae" / CARD).unlink()
    path.write_bytes(path.read_bytes()[:-1] + b"1")  # trained on, say
    with pytest.raises(InputError, match=r"graph of the weights beside it .*vqvae.*timbre export"):
        loading.load("vqvae", copy)


@pytest.mark.parametrize("name", [f"vqvae/{TRANSFER}", f"vocoder/{SPECTRUM}"])
@pytest.mark.parametrize("left", [0, 1000])
def test_a_damaged_graph_is_refused(copy: Path, name: str, left: int) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:left])
    with pytest.raises(InputError, match="timbre export"):
        loading.load("vqvae", copy)


def test_missing_graphs_are_told_where_they_are_asked_for(copy: Path) -> None:
    (copy / "vocoder" / SPECTRUM).unlink()
    with pytest.raises(InputError, match="some are missing"):
        loading.load("vqvae", copy, backend="onnx")
