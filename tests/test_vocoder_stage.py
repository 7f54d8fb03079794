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

from audio.mel import dequantize
from audio.store import Split
from models import checkpoint, vocoder
from tests import sounding, tiny

OUTPUTS = ("out/vocoder.safetensors", "out/history.csv", "out/metrics.json")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "spectrograms.zarr"
    return sounding.write_store(path, train=12, valid=6)


def start(
    folder: Path, kind: str, store: Path, *options: str, **training: float
) -> subprocess.Popen[str]:
    """Begin the stage in `folder`, with small parameters, on one core."""
    folder.mkdir(exist_ok=True)
    params = tiny.parameters()
    params["vocoder"] |= {"kind": kind, "refinements": 2}
    params["vocoder"]["vocos"] |= training
    YAML(typ="safe").dump(params, folder / "params.yaml")
    cpu = {"PYTHONPATH": str(tiny.ROOT), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "stages.vocoder", str(store), *OUTPUTS, *options],
        cwd=folder, env=os.environ | cpu, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def made(
    folder: Path, kind: str, store: Path, *options: str, **training: float
) -> subprocess.CompletedProcess[str]:
    """Run the stage to its end."""
    process = start(folder, kind, store, *options, **training)
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


def test_it_learns_from_mels_that_a_model_made_too(store: Path, tmp_path: Path) -> None:
    model = tmp_path / "autoencoder.safetensors"
    checkpoint.save(model, tiny.build("autoencoder"))
    result = made(tmp_path / "both", "vocos", store, "--model", str(model), model_mels=0.5)
    assert result.returncode == 0, result.stderr
    _, rows, metrics = outputs(tmp_path / "both")
    assert metrics["valid_loss_made"] == pytest.approx(float(rows[-1]["valid_loss_made"]), abs=1e-4)
    assert metrics["valid_loss_made"] != metrics["valid_loss"]
    # with none of them the model does not matter
    alone = [
        made(tmp_path / name, "vocos", store, *options)
        for name, options in {"with": ("--model", str(model)), "without": ()}.items()
    ]
    assert [result.returncode for result in alone] == [0, 0]
    one, other = ((tmp_path / name / OUTPUTS[0]).read_bytes() for name in ("with", "without"))
    assert one == other


def test_a_share_without_a_model_ends_in_a_sentence(store: Path, tmp_path: Path) -> None:
    result = made(tmp_path, "vocos", store, model_mels=0.5)
    assert result.returncode == 2
    assert "expected --model CHECKPOINT for vocoder.vocos.model_mels: 0.5" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_killed_training_ends_as_one_left_alone(store: Path, tmp_path: Path) -> None:
    model = tmp_path / "autoencoder.safetensors"
    checkpoint.save(model, tiny.build("autoencoder"))
    given = ("--model", str(model))
    long = {"steps": 60, "valid_every": 4, "model_mels": 0.5}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(killed, "vocos", store, *given, **long)
    while not list(killed.glob(".scratch/*/progress.pt")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert not (killed / "out").exists()
    results = [made(folder, "vocos", store, *given, **long) for folder in (killed, whole)]
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
