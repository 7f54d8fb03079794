"""The train stage: killed and run again, it writes the same checkpoint; what is wrong, it says."""

import csv
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from tests import tiny
from timbre.core.errors import InputError
from timbre.models import checkpoint
from timbre.training import devices

STEPS, EVERY = 120, 10
OUTPUTS = ("out/model.safetensors", "out/history.csv", "out/metrics.json")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "spectrograms.zarr"
    train, valid = tiny.codes(16), tiny.codes(6, seed=1)
    return tiny.write_store(path, train=train, valid=valid, timbre=train, timbre_test=valid)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder for others to stand on."""
    path = tmp_path_factory.mktemp("base") / "autoencoder.safetensors"
    checkpoint.save(path, tiny.build("autoencoder"))
    return path


def start(
    folder: Path, name: str, store: Path, *options: str, threads: int = 1, **training: Any
) -> subprocess.Popen[str]:
    """Begin the stage in `folder`, with small parameters, on one core."""
    folder.mkdir(exist_ok=True)
    params = tiny.parameters(**{"steps": STEPS, "valid_every": EVERY} | training)
    YAML(typ="safe").dump(params, folder / "params.yaml")
    return subprocess.Popen(
        [sys.executable, "-m", "stages.train", name, str(store), *OUTPUTS, *options],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={
            "PYTHONPATH": str(tiny.ROOT), "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": str(threads),
        },
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


SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("vqvae_self", "vqvae", "glow", "timbre_net")
]


@pytest.mark.parametrize("name", ["autoencoder", *SLOW])
def test_a_killed_training_ends_as_one_left_alone(
    name: str, store: Path, base: Path, tmp_path: Path
) -> None:
    options = ["--samples", "out/samples"]
    options += ["--base", str(base)] if name in ("vqvae", "glow") else []
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    kill_once_saved(start(killed, name, store, *options), killed)
    assert not (killed / "out").exists()

    outputs = [finish(start(folder, name, store, *options)) for folder in (killed, whole)]
    assert f"{name}: taken up after step " in outputs[0]
    assert "taken up" not in outputs[1]

    one, other = ([(folder / file).read_bytes() for file in OUTPUTS] for folder in (killed, whole))
    assert one[:2] == other[:2]  # the speed in the metrics differs
    one, other = (
        [(file.name, file.read_bytes()) for file in sorted((folder / "out/samples").iterdir())]
        for folder in (killed, whole)
    )
    assert one == other
    assert len(one) == (0 if name == "timbre_net" else 12)  # that one transfers nothing
    assert checkpoint.load(whole / OUTPUTS[0])[0] == name
    rows = list(csv.DictReader((whole / OUTPUTS[1]).read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == list(range(EVERY, STEPS + 1, EVERY))
    metrics = json.loads((whole / OUTPUTS[2]).read_text())
    assert metrics["valid_loss"] == pytest.approx(float(rows[-1]["valid_loss"]), abs=1e-3)
    assert (metrics["steps"], metrics["skipped_steps"]) == (STEPS, 0)
    assert metrics["examples_per_second"] == pytest.approx(4 * STEPS / metrics["seconds"], rel=0.1)
    assert 50 < metrics["peak_memory_mb"] < 5000
    assert (metrics["device"], metrics["processes"], metrics["threads"]) == ("CPU", 1, 1)
    assert list((killed / ".scratch").iterdir()) == []


def test_a_training_that_goes_on_with_other_threads_says_so(store: Path, tmp_path: Path) -> None:
    kill_once_saved(start(tmp_path, "autoencoder", store), tmp_path)
    output = finish(start(tmp_path, "autoencoder", store, threads=2))
    assert re.search(r"taken up after step \d+ with 2 threads, not 1 as before: ", output)
    assert json.loads((tmp_path / OUTPUTS[2]).read_text())["threads"] == 2


def test_a_base_that_is_missing_is_told_in_a_sentence(store: Path, tmp_path: Path) -> None:
    process = start(tmp_path, "glow", store, "--base", "nothing.safetensors")
    output, error = process.communicate()
    assert (process.returncode, output) == (2, "")
    assert error.startswith("error: expected a checkpoint of this project in nothing.safetensors")
    assert not (tmp_path / ".scratch").exists()


def test_a_training_goes_on_from_the_weights_of_another(store: Path, tmp_path: Path) -> None:
    trained = tmp_path / "trained.safetensors"
    model = tiny.build("autoencoder", seed=5)
    checkpoint.save(trained, model)
    small = {"steps": 1, "valid_every": 1, "learning_rate": 1e-9, "muon_rate": 1e-9}
    process = start(tmp_path / "work", "autoencoder", store, "--start", str(trained), **small)
    error = process.communicate()[1]
    assert process.returncode == 0, error
    found = checkpoint.load(tmp_path / "work" / OUTPUTS[0])[1].state_dict()
    for key, value in model.state_dict().items():
        torch.testing.assert_close(found[key], value, atol=1e-6, rtol=0)


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


@pytest.mark.parametrize(
    ("name", "count", "sentence"),
    [
        ("glow", 3, "expected train.glow.batch_size to be a multiple of the 3 processes, got 4;"),
        (
            "timbre_net",
            2,
            "expected --devices 1 for train.timbre_net, which normalises over a whole batch, got",
        ),
        ("autoencoder", 0, "expected --devices of 1 or more, got 0;"),
    ],
)
def test_processes_that_cannot_share_a_batch_are_told_in_a_sentence(
    name: str, count: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(InputError, match=f"^{sentence}"):
        devices.launched(f"train.{name}", tiny.build(name), 4, count)
