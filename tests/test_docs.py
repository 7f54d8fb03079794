"""What the pages in `docs/` print runs, and what they quote is still said."""

import ast
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

import models.params
from audio.benchmark import Case
from audio.params import Section
from audio.store import Split
from models import checkpoint, systems
from models.dataset import StoreDataset
from models.style_crops import StyleCrops
from models.training import Trainer
from tests import tiny
from tests.conftest import ROOT

DOCS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")}


def block(page: str, label: str) -> str:
    """The code block under `<!-- label -->` of a page."""
    (found,) = re.findall(rf"<!-- {re.escape(label)} -->\n```\w+\n(.*?)```", DOCS[page], re.DOTALL)
    return str(found)


def section(name: str) -> type[Section]:
    """The class of parameters that the page declares."""
    space = dict(vars(models.params))
    exec(block("research", f"params: {name}"), space)
    return space[name]  # type: ignore[no-any-return]


def values(name: str) -> dict[str, Any]:
    """What the page puts into params.yaml for it."""
    (found,) = YAML(typ="safe").load(block("research", f"values: {name}")).values()
    return found  # type: ignore[no-any-return]


def module(name: str, monkeypatch: pytest.MonkeyPatch, config: type[Section]) -> ModuleType:
    """The file of the page as a module of `models`, where it is found by its name."""
    monkeypatch.setattr(models.params, config.__name__, config, raising=False)
    made = ModuleType(f"models.{name}")
    exec(block("research", f"file: models/{name}.py"), made.__dict__)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_the_system_of_the_page_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    config = section("Nearest")
    module("nearest", monkeypatch, config)
    system = systems.untrained(
        "nearest", config.model_validate(values("Nearest")), tiny.AUDIO, None
    )
    time = np.arange(16_000) / 16_000
    low, high = (np.sin(2 * np.pi * hertz * time).astype(np.float32) / 2 for hertz in (440, 3000))
    case = Case("", "", "", "", "", "", "", None, np.pad(low, (4000, 4000)), high, None)
    made = system(case, 0)
    assert made is not None
    assert made.shape == case.content.shape
    assert made.dtype == np.float32
    assert np.abs(made).max() <= 1
    assert np.abs(made[:2000]).max() < 1e-3  # as loud as the content, moment by moment
    spectrum = np.abs(np.fft.rfft(made))
    assert spectrum.argmax() == pytest.approx(3000 * 1.5, rel=0.01)  # and of the style's sound
    short = system(case._replace(content=low[:100], style=high[:100]), 0)
    assert short is not None
    assert short.shape == (100,)


def test_the_model_of_the_page_is_trained_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema = section("TrainFramewise")
    config = schema.model_fields["network"].annotation
    assert config is not None
    module("framewise", monkeypatch, config)
    stated = values("TrainFramewise")
    schema.model_validate(stated)  # as the page has it
    settings: Any = schema.model_validate(
        stated | tiny.TRAINING | {"steps": 80, "learning_rate": 1e-2, "network": {"channels": 16}}
    )
    torch.manual_seed(0)
    model = checkpoint.build("framewise", settings.network, tiny.AUDIO)
    store = tiny.write_store(tmp_path / "store.zarr", train=tiny.codes(12), valid=tiny.codes(5, 1))
    train, valid = (
        StoreDataset(Split(store, each), 16, StyleCrops.fixed(16), "cross") for each in model.splits
    )
    trainer = Trainer(
        "train.framewise", model, settings, tiny.AUDIO, 0, tmp_path / "progress.pt",
        pictures=tmp_path / "pictures",
    )  # fmt: skip
    before = trainer.validate(valid)["valid_loss"]
    trainer.fit(train, valid)
    assert trainer.progress.kept["valid_loss"] < before
    assert trainer.progress.kept["error_db"] > 0
    assert list((tmp_path / "pictures").iterdir())

    checkpoint.save(tmp_path / "framewise.safetensors", model)
    name, again = checkpoint.load(tmp_path / "framewise.safetensors")
    assert name == "framewise"
    assert tiny.same_state(model, again)
    content, style, _ = tiny.mels(2)
    made = again.transfer(content, style[..., :16])
    assert made.shape == content.shape
    assert not torch.equal(made, again.transfer(content, style.flip(0)))  # it listens


def test_the_entries_of_the_page_have_the_keys_of_those_that_are_there() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    known = {
        key: each for part in YAML(typ="safe").load(text)["vars"] for key, each in part.items()
    }
    new = {
        kind: text.replace(f"{before}\n", block("research", f"dvc: {label}") + before + "\n", 1)
        for kind, label, before in (
            ("nearest", "nearest", "    vqvae_self: &vqvae_self"),
            ("framewise", "framewise under systems", "    vqvae: &vqvae"),
            ("models", "framewise under models", "    timbre:  # the metric's net"),
        )
    }
    for name in ("nearest", "framewise"):
        made = YAML(typ="safe").load(new[name])["vars"][1]["systems"]
        assert made[name].keys() == known["systems"]["eq_match"].keys()
        assert made.keys() > known["systems"].keys()
    assert made["framewise_shuffled"]["option"] == made["framewise"]["option"] + " --shuffled"
    (framewise,) = (
        part["models"]["framewise"]
        for part in YAML(typ="safe").load(new["models"])["vars"]
        if "models" in part
    )
    assert framewise.keys() == known["models"]["timbre"].keys()


GAP = "\0"  # what is put in when a sentence is printed


def fixed(text: str) -> str:
    """A sentence with single spaces, in small letters: pages begin it with a capital."""
    return " ".join(text.split()).lower()


@cache
def sentences() -> tuple[str, ...]:
    """All text in the code, with a gap for each value that is put in."""
    found = []
    for folder in ("app", "audio", "models", "stages"):
        for path in (ROOT / folder).glob("*.py"):
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
    found += [re.sub(r"\$\{.*?\}", GAP, each) for each in re.findall(r'fail "(.*?)"', script)]
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
    for name, text in DOCS.items():
        parts = {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            page, _, part = link.partition("#")
            assert not page or (ROOT / "docs" / page).exists(), (name, link)
            assert page or part in parts, (name, link)


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
    exec(block("numbers", "file: ratio.py"), {})
    assert capsys.readouterr().out == "0.75 (0.75 to 0.75), 8 cases\n"


COMMANDS = sorted(
    {
        (match[1], option)
        for text in DOCS.values()
        for line in re.sub(r"\\\n", " ", text).splitlines()
        if (match := re.search(r"python -m ((?:stages|benchmarks)\.\w+)(.*)", line))
        for option in [*re.findall(r"--[a-z-]+", match[2].split("`")[0]), ""]
    }
)


@pytest.mark.parametrize(("name", "option"), COMMANDS)
def test_a_command_that_is_named_takes_its_options(name: str, option: str) -> None:
    path = ROOT / f"{name.replace('.', '/')}.py"
    assert f'"{option}"' in path.read_text(encoding="utf-8") or not option


KEYS = sorted(
    {
        key
        for name in ("research", "troubleshooting", "numbers")
        for key in re.findall(
            r"(?<![\w./@])((?:train|vocoder|evaluate|benchmark|spectrograms|sequences|midi|soundfonts)"
            r"(?:\.[a-z_]+)+)(?![\w/.]*\.(?:py|json|tsv|csv|yaml|safetensors|parquet))",
            DOCS[name],
        )
    }
)


@pytest.mark.parametrize("key", KEYS)
def test_a_parameter_that_is_named_is_one(key: str) -> None:
    value: Any = tiny.COMMITTED
    for part in key.split("."):
        if part in ("sauce", "framewise", "safetensors"):  # a misspelling, and what the page adds
            return
        value = value[part]
