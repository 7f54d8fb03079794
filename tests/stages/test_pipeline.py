"""The pipeline: dvc.yaml tells the truth, and all of it runs."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc.stage import PipelineStage

from tests.conftest import ROOT, random_midi
from timbre.core import dependencies
from timbre.evaluation.systems.registry import names as systems
from timbre.models import registry

STAGES = {
    stage.addressing: stage
    for stage in Repo(str(ROOT)).index.stages
    if isinstance(stage, PipelineStage)
}
CODE = ("timbre/", "stages/")  # the project's code
NAMED = "timbre.models.{}.model"


def code_of(name: str) -> set[str]:
    """The project's files that a stage runs.

    Modules that are imported by names which are computed are found by the arguments: the model
    that is trained or transfers, or the system that learns nothing.
    """
    command = str(STAGES[name].cmd)
    match = re.match(r"python -m (stages\.\w+) (\w*)", command)
    assert match, command
    stage, argument = match.groups()
    starts = [stage]
    if stage == "stages.train":
        starts.append(NAMED.format(argument))
    if stage == "stages.transfer":  # models by checkpoints
        starts += [NAMED.format(model) for model in registry.names() if model in command]
    if argument in systems():
        starts.append(f"timbre.evaluation.systems.{argument}.system")
    if "--model" in command:  # of the vocoder: the model whose mels it learns from
        starts.append(NAMED.format("autoencoder"))
    if "--base" in command:
        starts.append(NAMED.format("autoencoder"))
    if "vocoder" in command:
        starts += [NAMED.format(each) for each in ("griffin_lim", "vocos", "vocoder")]
    if stage == "stages.evaluate":
        starts.append(NAMED.format("timbre_net"))
    return {path.as_posix() for path in dependencies.files(*starts)}


def listed(name: str) -> set[str]:
    """The project's files and folders among the dependencies of a stage."""
    paths = {dep.def_path for dep in STAGES[name].deps if dep.def_path.startswith(CODE)}
    return {f"{path}/" if (ROOT / path).is_dir() else path for path in paths}


def covers(path: str, file: str) -> bool:
    """Whether a dependency is that file, or a folder that holds it."""
    return file == path or (path.endswith("/") and file.startswith(path))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_the_code_it_runs(name: str) -> None:
    lacking = [
        file for file in code_of(name) if not any(covers(path, file) for path in listed(name))
    ]
    assert sorted(lacking) == []


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_no_code_that_it_does_not_run(name: str) -> None:
    """A folder holds some that it runs; every single file is run."""
    idle = [path for path in listed(name) if not any(covers(path, f) for f in code_of(name))]
    assert sorted(idle) == []


@pytest.mark.parametrize("name", STAGES)
def test_nothing_stands_for_what_it_is_not(name: str) -> None:
    paths = [dep.def_path for dep in STAGES[name].deps]
    assert len(paths) == len(set(paths))


def test_dvc_yaml_and_its_lock_are_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 320
    assert len((ROOT / "dvc.lock").read_text().splitlines()) <= 2600


def test_no_model_is_left_out_of_the_pipeline() -> None:
    run = set().union(*map(code_of, STAGES))
    assert [name for name in registry.names() if f"timbre/models/{name}/model.py" not in run] == []


def test_paths_stand_in_dvc_yaml_alone() -> None:
    for folder in CODE:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not re.match(r"data/\w", node.value), file


@pytest.fixture
def project(tmp_path: Path, tiny_params: Path) -> Path:
    """A new repository of the project's files, with small numbers and two dozen MIDI files."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in found.stdout.split("\0"):
        if name and not name.startswith("data/") and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            if tmp_path / name != tiny_params:
                shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "midi").mkdir()
    for number in range(24):
        (tmp_path / "midi" / f"{number}.mid").write_bytes(random_midi(number))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def dvc(project: Path, *arguments: str) -> str:
    """What a DVC command says; it has to succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=project, env=os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def test_midi_files_that_are_added_to_their_folder_are_brought_in(project: Path) -> None:
    dvc(project, "repro", "midi")
    assert "Running stage" not in dvc(project, "repro", "midi")
    (project / "midi" / "more.mid").write_bytes(random_midi(24))
    dvc(project, "repro", "midi")
    assert json.loads((project / "data/metrics/midi.json").read_text())["files"] == 25


@pytest.mark.slow
def test_the_whole_pipeline_runs_once_and_travels(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = dvc(project, "repro")
    assert first.count("Running stage") == len(STAGES)

    data = project / "data"
    outputs = (out.def_path for stage in STAGES.values() for out in stage.outs)
    systems = {Path(path).stem for path in outputs if path.startswith("data/outputs/")}
    metrics = {p.stem: json.loads(p.read_text()) for p in (data / "scores").glob("*.json")}
    assert metrics.keys() == systems
    assert len(systems) > 10
    assert all(figures["lsd"] > 0 for name, figures in metrics.items() if name != "copy_content")
    assert all(f"| {name} |" in (data / "report.md").read_text() for name in systems)
    page = (data / "report.html").read_text()
    assert page.count("<audio") == len(systems) + 3  # and content, style, target
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)  # it asks no other host
    assert not [path for path in project.rglob("*") if path.suffix.lower() == ".wav"]
    assert list((project / ".scratch").iterdir()) == []

    second = dvc(project, "repro")
    assert "Running stage" not in second
    assert "up to date" in dvc(project, "status")

    # a lab's folder takes all of it into another clone, where nothing is left to be run
    places = tmp_path_factory.mktemp("places")
    dvc(project, "remote", "add", "--default", "lab", str(places / "lab"))
    dvc(project, "push")
    author = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    for command in (["add", "--all"], ["commit", "--quiet", "--message", "Run"]):
        subprocess.run(["git", *author, *command], cwd=project, check=True)
    clone = places / "clone"
    subprocess.run(["git", "clone", "--quiet", str(project), str(clone)], check=True)
    dvc(clone, "pull")
    assert (clone / "data" / "report.html").read_text() == page
    assert "Running stage" not in dvc(clone, "repro")
