"""What research.md says of adding a model or a system does it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ruamel.yaml import YAML

from tests import tiny
from tests.conftest import ROOT
from tests.project.pages import block, run, values
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.systems import systems


def module(path: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file of the page as a module, where it is found by its name."""
    made = ModuleType(path.removesuffix(".py").replace("/", "."))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(block("research", f"file: {path}"), made.__dict__)
    return made


@pytest.fixture
def nearest(monkeypatch: pytest.MonkeyPatch) -> systems.System:
    """The system of the page."""
    folder = "timbre/evaluation/systems/nearest"
    monkeypatch.setitem(sys.modules, folder.replace("/", "."), ModuleType("nearest"))
    config = module(f"{folder}/config.py", monkeypatch)
    module(f"{folder}/system.py", monkeypatch)
    settings = config.NearestConfig.model_validate(values("nearest"))
    return systems.baseline("nearest", settings)


def test_the_system_of_the_page_transfers(nearest: systems.System) -> None:
    time = np.arange(16_000) / 16_000
    low, high = (np.sin(2 * np.pi * hertz * time).astype(np.float32) / 2 for hertz in (440, 3000))
    case = Case("", "", "", "", "", "", "", None, np.pad(low, (4000, 4000)), high, None)
    made = nearest(case, 0)
    assert made is not None
    assert made.shape == case.content.shape
    assert made.dtype == np.float32
    assert np.abs(made).max() <= 1
    assert np.abs(made[:2000]).max() < 1e-3  # as loud as the content, moment by moment
    spectrum = np.abs(np.fft.rfft(made))
    assert spectrum.argmax() == pytest.approx(3000 * 1.5, rel=0.01)  # and of the style's sound
    short = nearest(case._replace(content=low[:100], style=high[:100]), 0)
    assert short is not None
    assert short.shape == (100,)


FRAMEWISE = "timbre/models/framewise"
SMALL = {"steps": 2, "batch_size": 4, "warmup_steps": 1, "valid_every": 1}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to which the model of the page was added: folder, section, name."""
    folder = tmp_path_factory.mktemp("clone")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in found.stdout.split("\0"):
        if name.startswith(("timbre/", "stages/", "dvc.yaml", "params.yaml", ".dvc")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copyfile(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / FRAMEWISE).mkdir()
    (folder / FRAMEWISE / "__init__.py").touch()
    for name in ("config.py", "model.py"):
        (folder / FRAMEWISE / name).write_text(block("research", f"file: {FRAMEWISE}/{name}"))
    params = tiny.parameters()
    params["train"]["framewise"] = values("framewise") | SMALL | {"network": {"channels": 8}}
    params["train"]["framewise"] |= {
        key: tiny.TRAINING[key]
        for key in ("crop_frames", "style_frames", "style_frames_min", "style_pieces")
    }
    YAML().dump(params, folder / "params.yaml")
    text = (folder / "dvc.yaml").read_text()
    for before in ("  - autoencoder\n", "  - vqvae_self\n"):
        assert text.count(before) == 1
        text = text.replace(before, before + "  - framewise\n")
    (folder / "dvc.yaml").write_text(text)
    return folder


def test_a_model_is_its_folder_its_section_and_its_name(clone: Path) -> None:
    stages = run(clone, "dvc", "stage", "list", "--name-only").split()
    assert {"train@framewise", "transfer@framewise", "shuffled@framewise"} < set(stages)
    dag = run(clone, "dvc", "dag", "--dot", "report")
    for before, after in (
        ("spectrograms", "train@framewise"), ("train@framewise", "transfer@framewise"),
        ("transfer@framewise", "evaluate"),
    ):  # fmt: skip
        assert f'"{before}" -> "{after}"' in dag

    tiny.write_store(clone / "store.zarr", train=tiny.codes(8), valid=tiny.codes(4))
    trained = "mine/framewise.safetensors"
    run(clone, "stages.train", "framewise", "store.zarr", trained, "mine/a.csv", "mine/a.json")
    assert len((clone / "mine/a.csv").read_text().splitlines()) == 3  # a head and two steps
    assert "framewise" in run(clone, "timbre", "info", "--weights", "mine")
    name, model = checkpoint_in(clone, trained)
    assert name == "framewise"
    assert "True" in model


def checkpoint_in(clone: Path, path: str) -> tuple[str, str]:
    """A checkpoint's name, and whether its model listens to the style."""
    code = (
        "import sys, torch; from pathlib import Path; from timbre.models import checkpoint; "
        "name, model = checkpoint.load(Path(sys.argv[1])); "
        "x = torch.randn(2, 16, 32) - 60; made = model.transfer(x, x.flip(0)); "
        "print(name, made.shape == x.shape and not torch.equal(made, model.transfer(x, x)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, path], cwd=clone, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(clone)},
    ).stdout.split()  # fmt: skip
    return printed[0], printed[1]
