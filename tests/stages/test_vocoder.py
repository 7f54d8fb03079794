"""The vocoder stage: trained or not, one checkpoint that says what it is."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from tests import sounding, tiny
from timbre.audio.mel import dequantize
from timbre.models import checkpoint
from timbre.models.vocoder import model as vocoder
from timbre.store.store import Split

OUTPUTS = ("out/vocoder.safetensors", "out/history.csv", "out/metrics.json")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "spectrograms.zarr"
    return sounding.write_store(path, train=12, valid=6)


@pytest.fixture(scope="module")
def transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that makes mels, which a vocoder can learn from."""
    path = tmp_path_factory.mktemp("model") / "autoencoder.safetensors"
    checkpoint.save(path, tiny.build("autoencoder"))
    return path


def start(
    folder: Path, kind: str, store: Path, model: Path | None = None, **training: float
) -> subprocess.Popen[str]:
    """Begin the stage in `folder`, with small parameters, on one core."""
    folder.mkdir(exist_ok=True)
    params = tiny.parameters()
    params["vocoder"] |= {"kind": kind, "refinements": 2}
    params["vocoder"]["vocos"] |= training
    params["spectrograms"]["keep_audio"] = {"train": 12, "valid": 6}
    YAML(typ="safe").dump(params, folder / "params.yaml")
    cpu = {"PYTHONPATH": str(tiny.ROOT), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [
            sys.executable, "-m", "stages.vocoder", str(store), *OUTPUTS,
            *([] if model is None else ["--model", str(model)]),
        ],
        cwd=folder, env=os.environ | cpu, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def made(
    folder: Path, kind: str, store: Path, model: Path | None = None, **training: float
) -> subprocess.CompletedProcess[str]:
    """Run the stage to its end."""
    process = start(folder, kind, store, model, **training)
    output, error = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, error)


def outputs(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]], dict[str, Any]]:
    """Description, history and metrics."""
    model, history, metrics = (folder / name for name in OUTPUTS)
    rows = list(csv.DictReader(history.read_text().splitlines()))
    return checkpoint.description(model), rows, json.loads(metrics.read_text())


def test_griffin_lim_is_written_down(store: Path, tmp_path: Path) -> None:
    result = made(tmp_path, "griffin_lim", store)
    assert result.returncode == 0, result.stderr
    described, rows, metrics = outputs(tmp_path)
    assert described["base"]["name"] == "griffin_lim"
    assert described["network"] == {"iterations": 2}
    assert rows == []
    assert (metrics["kind"], metrics["parameters"]) == ("griffin_lim", 0)
    assert 0 < metrics["mel_error_db"] < 10


def test_the_network_is_trained_and_decodes(store: Path, tmp_path: Path) -> None:
    result = made(tmp_path, "vocos", store)
    assert result.returncode == 0, result.stderr
    described, rows, metrics = outputs(tmp_path)
    assert described["base"]["name"] == "vocos"
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert {"train_loss", "valid_loss", "convergence", "magnitude", "mel"} < rows[0].keys()
    assert metrics["parameters"] > 1000
    assert list((tmp_path / ".scratch").iterdir()) == []
    decode = vocoder.load(tmp_path / OUTPUTS[0])
    mel = torch.from_numpy(dequantize(Split(store, "valid").mel(0, 2)[:, 0], tiny.AUDIO))
    with torch.inference_mode():
        sound = decode(mel)
    assert sound.shape == (2, tiny.AUDIO.segment_samples)
    assert sound.abs().max() > 1e-3


def test_it_learns_from_the_mels_of_a_model_too(
    store: Path, transfer: Path, tmp_path: Path
) -> None:
    results = {
        share: made(tmp_path / str(share), "vocos", store, transfer, model_mels=share)
        for share in (0.0, 0.5)
    }
    for result in results.values():
        assert result.returncode == 0, result.stderr
    plain, mixed = (outputs(tmp_path / str(share))[2] for share in results)
    assert "valid_loss_in_use" not in plain
    # an untrained model's mels tell less of the sound than its own
    assert mixed["valid_loss_in_use"] > mixed["valid_loss"]
    assert mixed["valid_loss"] != plain["valid_loss"]


def test_mels_of_a_model_without_a_model_are_refused(store: Path, tmp_path: Path) -> None:
    result = made(tmp_path, "vocos", store, model_mels=0.5)
    assert result.returncode == 2
    assert "expected a trained model by --model for vocoder.vocos.model_mels: 0.5" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_killed_training_ends_as_one_left_alone(
    store: Path, transfer: Path, tmp_path: Path
) -> None:
    long = {"steps": 60, "valid_every": 4, "model_mels": 0.5}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(killed, "vocos", store, transfer, **long)
    while not list(killed.glob(".scratch/*/progress.pt")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert not (killed / "out").exists()
    results = [made(folder, "vocos", store, transfer, **long) for folder in (killed, whole)]
    assert [result.returncode for result in results] == [0, 0], results[0].stderr
    assert "vocos: taken up after step " in results[0].stdout
    assert "taken up" not in results[1].stdout
    one, other = ([(folder / file).read_bytes() for file in OUTPUTS] for folder in (killed, whole))
    assert one == other


def test_without_audio_to_learn_from_it_ends_in_a_sentence(tmp_path: Path) -> None:
    store = sounding.write_store(tmp_path / "store", keep_audio=0, train=4, valid=4)
    result = made(tmp_path, "vocos", store)
    assert result.returncode == 2
    assert "please set spectrograms.keep_audio.train to a number above 0." in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
