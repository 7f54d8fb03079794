"""What the pages in `docs/` print runs, and what they quote is still said."""

import ast
import os
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML
from typer.main import get_command

from stages.params import Params
from tests import tiny
from tests.conftest import ROOT
from timbre.cli.main import app
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.systems import systems
from timbre.training.progress import Progress

DOCS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")}
PAGES = {  # all that is printed about the project as it is now
    path: path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", "models/*.md", "profiles/*.yaml", "params.yaml")
    for path in sorted(ROOT.glob(pattern))
    if path.name != "CHANGELOG.md"
}


ADDED = {"framewise", "nearest"}  # by research.md


def block(page: str, label: str) -> str:
    """The code block under `<!-- label -->` of a page."""
    (found,) = re.findall(rf"<!-- {re.escape(label)} -->\n```\w+\n(.*?)```", DOCS[page], re.DOTALL)
    return str(found)


def values(name: str) -> dict[str, Any]:
    """What the page puts into params.yaml for it."""
    (found,) = YAML(typ="safe").load(block("research", f"values: {name}")).values()
    return found  # type: ignore[no-any-return]


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


def run(clone: Path, *command: str) -> str:
    """What a command prints there; it has to succeed."""
    environment = {**os.environ, "PYTHONPATH": str(clone), "DVC_NO_ANALYTICS": "1"}
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=clone, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


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


GAP = "\0"  # what is put in when a sentence is printed


def fixed(text: str) -> str:
    """A sentence with single spaces, in small letters: pages begin it with a capital."""
    return " ".join(text.split()).lower()


@cache
def sentences() -> tuple[str, ...]:
    """All text in the code, with a gap for each value that is put in."""
    found = []
    for folder in ("timbre", "stages"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [
                        part.value if isinstance(part, ast.Constant) else GAP
                        for part in node.values
                    ]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    script = (ROOT / "run").read_text(encoding="utf-8")
    found += [
        re.sub(r"\$(\{.*?\}|\w+|\*)", GAP, each) for each in re.findall(r'fail "(.*?)"', script)
    ]
    return tuple(map(fixed, found))


def said(quote: str) -> bool:
    """Whether the code says a quoted sentence: its words between the gaps, in their order."""
    words = [re.escape(part.strip()) for part in fixed(quote).removeprefix("run: ").split("…")]
    pattern = re.compile(".*".join(words), re.DOTALL)
    return any(pattern.search(each) for each in sentences())


QUOTES = re.findall(r"^> (.+)$", DOCS["troubleshooting"], re.MULTILINE)


@pytest.mark.parametrize("quote", QUOTES)
def test_the_code_says_what_the_page_quotes(quote: str) -> None:
    assert said(quote)


def test_a_sentence_that_changed_is_noticed() -> None:
    assert len(QUOTES) > 40
    assert not said("expected a recording, found no file …; please correct its path.")
    assert not said("expected …, got …; please clap your hands.")


def test_every_page_and_part_that_is_linked_is_there() -> None:
    parts = {
        path: {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        for path, text in PAGES.items()
    }
    for path, text in PAGES.items():
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            page, _, part = link.partition("#")
            target = (path.parent / page).resolve() if page else path
            assert target.exists(), (path.name, link)
            assert not part or part in parts[target], (path.name, link)


def test_the_script_for_ratios_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data/cases").mkdir(parents=True)
    for name, factor in (("one", 3.0), ("two", 4.0)):
        lines = [f"case{number},{factor * (number + 1)}" for number in range(8)]
        text = "\n".join(["case,lsd", *lines, f"{name},", f"only_{name},5.0"])
        (tmp_path / f"data/cases/{name}.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ratio.py", "one", "two", "lsd"])
    exec(block("evaluation", "file: ratio.py"), {})
    assert capsys.readouterr().out == "0.75 (0.75 to 0.75), 8 cases\n"


def commands(pattern: str) -> list[tuple[str, str]]:
    """What pages print after `pattern`: the words that it captures, and the rest of the line."""
    found = set()
    for text in PAGES.values():
        for line in re.sub(r"\\\n", " ", text).splitlines():
            for match in re.finditer(pattern + "([^`#]*)", line):
                found.add((match[1], match[2]))
    return sorted(found)


MODULES = sorted(
    {
        (name, option)
        for name, rest in commands(r"python -m ((?:stages|benchmarks)\.\w+)")
        for option in [*re.findall(r"--[a-z-]+", rest), ""]
    }
)


@pytest.mark.parametrize(("name", "option"), MODULES)
def test_a_command_that_is_named_takes_its_options(name: str, option: str) -> None:
    path = ROOT / f"{name.replace('.', '/')}.py"
    assert f'"{option}"' in path.read_text(encoding="utf-8") or not option


def test_a_module_that_is_named_is_one() -> None:
    found = {name for name, _ in commands(r"python3?(?:\.11)? (?:-P )?-m ([\w.]+)")}
    assert {name for name in found - {"stages.NAME"} if find_spec(name) is None} == set()


@pytest.mark.parametrize(("name", "rest"), commands(r"timbre (transfer|serve|info|demo|listen) "))
def test_the_tool_takes_the_options_that_are_named(name: str, rest: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    if name == "listen":
        word = rest.split()[0]
        command = command.commands[word if word in ("report", "export") else "folder"]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) <= known


@cache
def stages() -> frozenset[str]:
    """Names of all stages, and of those that have several, the name that they share."""
    names = run(ROOT, "dvc", "stage", "list", "--name-only").split()
    return frozenset(names) | {name.partition("@")[0] for name in names}


def test_a_stage_that_is_named_is_one() -> None:
    found = {
        name
        for text in PAGES.values()
        for name in re.findall(
            r"\b(?:train|finetune|transfer|shuffled|shipped|baseline|copy)@\w+", text
        )
    }
    for _, rest in commands(r"dvc (repro|exp run)\b"):
        words = re.sub(r"-S \S*'[^']*'|-S \S+|--?[a-z-]+", "", rest.split("&&")[0]).split()
        found |= {word for word in words if word.isidentifier()}
    assert len(found) > 8
    shown = {name for name in found if name.partition("@")[2] not in (*ADDED, "NAME")}
    assert shown - stages() == set()


CHANGES = [
    (key, value)
    for _, rest in commands(r"dvc (exp run)\b")
    for key, value in re.findall(r"-S '?(?!key=)([a-z_.]+)=(range\([^)]*\)|[^'\s]+)", rest)
]


@pytest.mark.parametrize(("key", "value"), CHANGES)
def test_a_change_of_parameters_that_is_printed_is_accepted(key: str, value: str) -> None:
    choices = value.removeprefix("range(").removesuffix(")").split(",")
    *parents, last = key.split(".")
    for choice in choices[: 2 if value.startswith("range") else None]:  # a range has a step too
        params = deepcopy(tiny.COMMITTED)
        section = params
        for part in parents:
            section = section[part]
        assert last in section
        section[last] = YAML(typ="safe").load(choice)
        Params.model_validate(params)


ENDINGS = {"csv", "html", "md", "ogg", "parquet", "py", "safetensors", "zarr"}  # of files
KEYS = sorted(
    {
        key
        for text in PAGES.values()
        for key in re.findall(
            r"(?<![\w./@])((?:train|vocoder|transfer|report|benchmark|spectrograms|sequences|midi"
            r"|soundfonts|systems|audio)(?:\.[a-z_]+)+)",
            text,
        )
        if not {*ENDINGS, *ADDED, "sauce"} & set(key.split("."))  # sauce: a misspelling
    }
)


@pytest.mark.parametrize("key", KEYS)
def test_a_parameter_that_is_named_is_one(key: str) -> None:
    value: Any = tiny.COMMITTED
    for part in key.split("."):
        value = value[part]


PLACES = sorted(
    {
        place
        for text in PAGES.values()
        for place in re.findall(
            r"(?<![\w./-])(?:timbre|stages|benchmarks|tests|models|profiles|sources|docs)/[\w./*-]*\w/?",
            text,
        )
        if not ADDED & set(place.split("/")) and "NAME" not in place
    }
)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_is_named_is_there(place: str) -> None:
    assert list(ROOT.glob(place.rstrip("/")))


def test_a_training_can_be_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = torch.nn.Linear(2, 2)
    path = Path(".scratch/train.glow-0/progress.pt")
    monkeypatch.chdir(tmp_path)
    path.parent.mkdir(parents=True)
    progress = Progress(path, model, torch.optim.AdamW(model.parameters()), model, 0)
    for step in range(1, 9):
        progress.add(10 * step, {"valid_loss": 1 / step})
    progress.save()
    exec(block("research", "file: watch.py"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[-1] == f"{path} step 80 valid_loss 0.125"
