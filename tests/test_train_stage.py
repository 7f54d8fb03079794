"""The train stage: killed and run again, it writes the same checkpoint; what is wrong, it says."""

import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from models import checkpoint
from tests import tiny

STEPS, EVERY = 120, 10
OUTPUTS = ("out/model.safetensors", "out/history.csv", "out/metrics.json")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "spectrograms.zarr"
    return tiny.write_store(path, train=tiny.codes(16), valid=tiny.codes(6, seed=1))


def start(folder: Path, name: str, store: Path, *options: str) -> subprocess.Popen[str]:
    """Begin the stage in `folder`, with small parameters, on one core."""
    folder.mkdir(exist_ok=True)
    params = tiny.parameters(steps=STEPS, valid_every=EVERY)
    YAML(typ="safe").dump(params, folder / "params.yaml")
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train", name, str(store), *OUTPUTS, *options],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(tiny.ROOT), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def kill_once_saved(process: subprocess.Popen[str], folder: Path) -> None:
    """End it by SIGKILL as soon as there is something to take up."""
    while not list(folder.glob(".scratch/*/progress.pt")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.kill()
    process.communicate()


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for it.

    Returns:
        What it printed.
    """
    output, error = process.communicate()
    assert process.returncode == 0, error
    return output


def test_a_killed_training_ends_as_one_left_alone(store: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_once_saved(start(killed, "autoencoder", store), killed)
    assert not (killed / "out").exists()

    outputs = [finish(start(folder, "autoencoder", store)) for folder in (killed, whole)]
    assert "autoencoder: taken up after step " in outputs[0]
    assert "taken up" not in outputs[1]

    one, other = ([(folder / file).read_bytes() for file in OUTPUTS] for folder in (killed, whole))
    assert one[:2] == other[:2]  # the speed in the metrics differs
    assert checkpoint.load(whole / OUTPUTS[0])[0] == "autoencoder"
    rows = list(csv.DictReader((whole / OUTPUTS[1]).read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == list(range(EVERY, STEPS + 1, EVERY))
    metrics = json.loads((whole / OUTPUTS[2]).read_text())
    assert metrics["valid_loss"] == pytest.approx(float(rows[-1]["valid_loss"]), abs=1e-3)
    assert metrics["skipped_steps"] == 0
    assert list((killed / ".scratch").iterdir()) == []


def test_a_base_that_is_missing_is_told_in_a_sentence(store: Path, tmp_path: Path) -> None:
    process = start(tmp_path, "glow", store, "--base", "nothing.safetensors")
    output, error = process.communicate()
    assert (process.returncode, output) == (2, "")
    assert error.startswith("error: expected a checkpoint of this project in nothing.safetensors")
    assert not (tmp_path / ".scratch").exists()


def test_a_byte_flipped_in_the_store_is_told_in_a_sentence(store: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "spectrograms.zarr"
    shutil.copytree(store, damaged)
    shard = damaged / "train" / "mel" / "c" / "1" / "0" / "0" / "0"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 0xFF
    shard.write_bytes(data)

    process = start(tmp_path / "work", "autoencoder", damaged)
    output, error = process.communicate()
    assert (process.returncode, output) == (2, "")
    assert error == (
        f"error: expected {shard} as it was written, found it missing, cut short or altered; "
        f"please restore it with `rm -f {shard} && ./run dvc repro spectrograms`.\n"
    )
    assert [file.name for file in (tmp_path / "work").iterdir()] == ["params.yaml"]
