"""What the pages in `docs/` print runs, and what they quote is still said."""

import re
import sys
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML
from typer.main import get_command

from stages.params import Params
from tests import tiny
from tests.conftest import ROOT
from tests.project.pages import ADDED, PAGES, block, stages
from timbre.cli.main import app
from timbre.core.scratch import Scratch
from timbre.training.progress import Progress


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


NAMES = sorted(
    {
        (name, place) if name.isupper() else (place, name)
        for text in PAGES.values()
        for name, place in [
            *re.findall(r"`([A-Z][A-Z_]+)` (?:of|in)\s+`(timbre/[\w/]+\.py)`", text),
            *re.findall(r"`(timbre/[\w/]+\.py)` \(`([A-Z][A-Z_]+)`\)", text),
        ]
    }
)


@pytest.mark.parametrize(("name", "place"), NAMES)
def test_a_constant_that_is_named_is_there(name: str, place: str) -> None:
    code = (ROOT / place).read_text(encoding="utf-8")
    assert re.search(rf"^(?:\w+, )*{name}\b[^.(]", code, re.MULTILINE)


def test_a_training_can_be_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = torch.nn.Linear(2, 2)
    path = Scratch("train-glow", 0).path / "progress.pt"  # as stages.train names it
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
