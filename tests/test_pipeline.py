"""The pipeline: dvc.yaml tells the truth, and all of it runs."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc.stage import PipelineStage

from tests.conftest import ROOT, random_midi

STAGES = {
    stage.addressing: stage
    for stage in Repo(str(ROOT)).index.stages
    if isinstance(stage, PipelineStage)
}
CODE = ("audio", "models", "stages")  # the project's packages
# A schema decides whether values are accepted, not what comes out: a stage depends on the values
# that it lists under `params`, not on how the rest of the file is checked.
SCHEMA = "stages/params.py"


@cache
def imported(file: str) -> frozenset[str]:
    """The project's files that a file imports itself, and those beside it that it names."""
    files = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            beside = Path(file).parent / node.value
            if re.fullmatch(r"[\w.]+\.\w+", node.value) and (ROOT / beside).is_file():
                files.add(beside.as_posix())
        paths = [f"{name.replace('.', '/')}.py" for name in names if name.startswith(CODE)]
        files |= {path for path in paths if (ROOT / path).is_file()}
    return frozenset(files - {SCHEMA})


def reached(*starts: str) -> set[str]:
    """All of the project's files that run when these do, themselves among them."""
    files: set[str] = set()
    ahead = list(starts)
    while ahead:
        file = ahead.pop()
        if file not in files:
            files.add(file)
            ahead += imported(file) if file.endswith(".py") else ()
    return files


def code_of(name: str) -> set[str]:
    """The project's files that a stage runs.

    Modules that are imported by their names are found by the arguments: the model that is trained
    or transfers, or the system that is none.
    """
    match = re.match(r"python -m (stages)\.(\w+) (\w*)", str(STAGES[name].cmd))
    assert match, STAGES[name].cmd
    package, script, argument = match.groups()
    starts = [f"{package}/{script}.py"]
    if script in ("train", "transfer"):
        module = f"models/{argument.removesuffix('_shuffled')}.py"
        starts += [module] if (ROOT / module).is_file() else []
    if "--checkpoint" in str(STAGES[name].cmd) or argument == "resynthesis":
        starts.append("models/trained.py")
    if "--model" in str(STAGES[name].cmd):  # of the vocoder: the model whose mels it learns from
        starts.append("models/autoencoder.py")
    if "vocoder" in str(STAGES[name].cmd):
        starts += ["models/griffin_lim.py", "models/vocos.py"]
    return reached(*starts)


def listed(name: str) -> set[str]:
    """The project's files among the dependencies of a stage."""
    return {path for dep in STAGES[name].deps if (path := dep.def_path).startswith(CODE)}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_the_code_it_runs(name: str) -> None:
    assert sorted(code_of(name) - listed(name)) == []


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_no_code_that_it_does_not_run(name: str) -> None:
    assert sorted(listed(name) - code_of(name)) == []


def test_no_model_is_left_out_of_the_pipeline() -> None:
    models = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("models/[!_]*.py")}
    models -= {"models/card.py"}  # of weights that ship, which the pipeline does without
    assert sorted(models - set().union(*map(code_of, STAGES))) == []


def test_paths_stand_in_dvc_yaml_alone() -> None:
    for folder in CODE:
        for file in (ROOT / folder).glob("*.py"):
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


@pytest.mark.slow
def test_the_whole_pipeline_runs_once(project: Path) -> None:
    first = dvc(project, "repro")
    assert first.count("Running stage") == len(STAGES)

    data = project / "data"
    systems = {name.removeprefix("transfer@") for name in STAGES if name.startswith("transfer@")}
    metrics = {p.stem: json.loads(p.read_text()) for p in (data / "metrics/evaluate").glob("*")}
    assert metrics.keys() == systems
    assert len(systems) == 12
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
