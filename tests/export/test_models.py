"""Exported models compute what their checkpoints do, and hold nothing twice."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file

from tests import exported, shipped, tiny
from tests.conftest import ROOT, hash_of
from timbre.core.errors import InputError
from timbre.export import models as exporting
from timbre.models import checkpoint
from timbre.runtime.graph_files import SPECTRUM, STYLE, TRANSFER
from timbre.runtime.onnx_backend import OnnxBackend
from timbre.runtime.torch_backend import TorchBackend
from timbre.transfer import noise

TOLERANCE = 0.005  # dB; the search for a frame's power ends within 0.002 of it
SOUNDING = 1e-4  # of full scale


@pytest.fixture(scope="module", params=exported.KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of one model and the vocoder, and their graphs."""
    name, heads = request.param
    return exported.write(tmp_path_factory.mktemp(name), (name,), heads)


def name_of(folder: Path) -> str:
    (found,) = (each.name for each in folder.iterdir() if each.name != "vocoder")
    return found


def clip(frames: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(-50, 15, (tiny.AUDIO.n_mels, frames)).astype(np.float32)


def test_graphs_compute_what_pytorch_does(folder: Path) -> None:
    name = name_of(folder)
    onnx_backend, torch_backend = (
        backend.load(name, folder) for backend in (OnnxBackend, TorchBackend)
    )
    assert onnx_backend.options == torch_backend.options
    clips = [clip(frames, seed)[None] for seed, frames in enumerate((8, 96, 200))]
    heard = [
        [backend.styles(each)[0] for each in clips] for backend in (onnx_backend, torch_backend)
    ]
    shares = (0.5, 0.3, 0.2), (1.0, 0.0, 0.0)
    sounds = [
        [*styles, *(backend.blend(styles, weights) for weights in shares)]
        for backend, styles in zip((onnx_backend, torch_backend), heard, strict=True)
    ]
    made = []
    for frames in (8, 16, 120):
        mel, drawn = clip(frames, 5), noise.normal(3, 0, frames, tiny.AUDIO.n_mels)
        for ours, theirs in zip(*sounds, strict=True):
            for options in ({}, dict.fromkeys(onnx_backend.options, 0.7)):
                given = drawn if onnx_backend.draws else None
                found = onnx_backend.transfer(mel, ours, given, options)
                wanted = torch_backend.transfer(mel, theirs, given, options)
                assert np.abs(found - wanted).max() < TOLERANCE
                made.append(found)
    # it is no constant that agrees: another sound makes another mel
    assert np.abs(made[-1] - made[-4]).max() > 10 * TOLERANCE
    found, wanted = onnx_backend.decode(made[-1]), torch_backend.decode(made[-1])
    assert np.abs(wanted).max() > SOUNDING
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_weights_are_there_but_once_and_nothing_of_the_machine(folder: Path) -> None:
    for path in folder.rglob("*.onnx"):
        data = path.read_bytes()
        assert str(ROOT).encode() not in data
        assert b".py" not in data
        proto = onnx.load(path, load_external_data=False)
        outside = sum(each.data_location for each in proto.graph.initializer)
        inside = [each for each in proto.graph.initializer if not each.data_location]
        assert outside > 5
        stored = load_file(path.parent / "weights.safetensors").values()
        for tensor in (numpy_helper.to_array(each) for each in inside):
            if tensor.ndim > 1 and tensor.nbytes > 1024:
                assert not any(np.array_equal(tensor, each) for each in stored)
                assert not any(np.array_equal(tensor.T, each) for each in stored)
        assert {each.version for each in proto.opset_import if not each.domain} == {18}


def test_exported_twice_is_equal(tmp_path: Path) -> None:
    folder = exported.write(tmp_path / "one", ("vqvae",), 2)
    exporting.export(folder, tmp_path / "two")
    assert hash_of(tmp_path / "two").items() <= hash_of(folder).items()
    assert {f"vqvae/{STYLE}", f"vqvae/{TRANSFER}", f"vocoder/{SPECTRUM}"} <= set(
        hash_of(tmp_path / "two")
    )


def test_weights_of_32_bits_are_pointed_into_too(tmp_path: Path) -> None:
    folder = exported.write(tmp_path, ("vqvae",), 2, half=False)
    mel = clip(64, 1)
    made = []
    for backend in (OnnxBackend, TorchBackend):
        one = backend.load("vqvae", folder)
        made.append(one.decode(one.transfer(mel, one.styles(mel[None])[0], None, {})))
    assert np.abs(made[0] - made[1]).max() < 1e-4 * np.abs(made[1]).max()


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    weights = shipped.write(tmp_path / "weights")
    with pytest.raises(InputError, match="vocoder that has learned"):
        exporting.export_checkpoint(weights / "vocoder" / "weights.safetensors", "vocoder")
    with pytest.raises(InputError, match="found glow, vqvae"):
        exporting.export(weights, tmp_path / "out", ("other",))
    with pytest.raises(InputError, match="found none"):
        exporting.export(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_fits_its_styles_says_that_graphs_do_not(tmp_path: Path) -> None:
    model = exported.build("vqvae", 2)
    base = model.base
    base.config = base.config.model_copy(update={"fitting_steps": 3})
    base.description["network"]["fitting_steps"] = 3
    model.description["base"]["network"]["fitting_steps"] = 3
    checkpoint.save(tmp_path / "vqvae" / "weights.safetensors", model)
    (said,) = exporting.export_checkpoint(tmp_path / "vqvae" / "weights.safetensors", "vqvae")
    assert "in 3 steps" in said
