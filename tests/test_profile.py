"""Profiles: switching there and back gives the same file, and what is no profile changes none."""

import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.params import load
from stages.profile import PARAMS, Document, differing, profiles, status, switched
from tests.conftest import ROOT, run_stage
from timbre.core.errors import InputError
from timbre.core.params import ParamsError

NAMES = sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml"))
OTHERS = [name for name in NAMES if name != "demo"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the committed demo parameters and all profiles."""
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    shutil.copyfile(ROOT / PARAMS, tmp_path / PARAMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def profile(name: str) -> Document:
    return Document(Path("profiles", f"{name}.yaml"))


def switch(name: str) -> None:
    PARAMS.write_bytes(switched(Document(PARAMS), profile(name)).encode())


def edit(old: str, new: str) -> None:
    text = PARAMS.read_text()
    assert text.count(old) == 1
    PARAMS.write_text(text.replace(old, new))


def comments(text: str) -> list[str]:
    return re.findall(r"\s+# .*", text)


def test_there_are_the_profiles_that_were_promised() -> None:
    assert profiles() == NAMES == ["demo", "laptop_gpu", "lmd_full", "weights"]


def test_the_demo_is_what_is_committed() -> None:
    assert differing(Document(PARAMS), profile("demo")) == []
    before = PARAMS.read_bytes()
    switch("demo")
    assert PARAMS.read_bytes() == before  # the numbers are even written alike


@pytest.mark.parametrize("name", NAMES)
def test_all_profiles_hold_the_same_keys(name: str) -> None:
    assert profile(name).nodes.keys() == profile("demo").nodes.keys()


def test_profiles_hold_only_what_differs_between_them() -> None:
    every = [profile(name) for name in NAMES]
    assert [k for k in every[0].nodes if len({str(each.value(k)) for each in every}) == 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_accepted_and_sets_its_values_and_no_others(name: str) -> None:
    before = Document(PARAMS)
    switch(name)
    load(PARAMS)
    after = Document(PARAMS)
    assert differing(after, profile(name)) == []
    assert after.nodes.keys() == before.nodes.keys()
    rest = after.nodes.keys() - profile(name).nodes.keys()
    assert rest
    assert all(after.value(key) == before.value(key) for key in rest)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", OTHERS)
def test_there_and_back_is_the_same_file(name: str, ends: str) -> None:
    before = PARAMS.read_text().replace("\n", ends).encode()
    PARAMS.write_bytes(before)
    switch(name)
    assert PARAMS.read_bytes() != before
    switch("demo")
    assert PARAMS.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_the_way_there_does_not_matter(name: str) -> None:
    switch(name)
    straight = PARAMS.read_bytes()
    for other in NAMES:
        switch(other)
        switch(name)
        assert PARAMS.read_bytes() == straight


@pytest.mark.parametrize("name", OTHERS)
def test_comments_and_other_edits_survive(name: str) -> None:
    edit("db_mean: -72.0  # dB", "db_mean:   -7.15e1 # measured, dB")
    before = PARAMS.read_text()
    switch(name)
    text = PARAMS.read_text()
    assert comments(text) == comments(before)
    assert "  db_mean:   -7.15e1 # measured, dB" in text
    assert differing(Document(PARAMS), profile(name)) == []
    switch("demo")
    assert PARAMS.read_text() == before


def test_what_dvc_wrote_is_switched_as_well() -> None:
    committed = Document(PARAMS)
    yaml = YAML()
    with PARAMS.open() as file:
        values = yaml.load(file)
    values["train"]["glow"]["learning_rate"] = 3e-4  # as `dvc exp run -S` does
    yaml.dump(values, PARAMS)
    switch("lmd_full")
    switch("demo")
    assert Document(PARAMS).content == committed.content


def test_the_status_names_the_profile() -> None:
    for name in NAMES:
        switch(name)
        assert status(Document(PARAMS), NAMES) == f"params.yaml: {name}"


def test_a_number_written_otherwise_is_the_same_number() -> None:
    edit("learning_rate: 1.5e-3", "learning_rate: 0.0015")
    assert status(Document(PARAMS), NAMES) == "params.yaml: demo"


def test_the_status_names_what_differs_from_the_nearest_profile() -> None:
    switch("laptop_gpu")
    edit("  train: 16000", "  train: 12345")
    assert status(Document(PARAMS), NAMES).splitlines() == [
        "params.yaml: custom; nearest to laptop_gpu, but for",
        "  sequences.train: 12345 (laptop_gpu: 16000)",
    ]


def test_the_command_switches_and_says_so(folder: Path) -> None:
    switch("lmd_full")
    wanted = PARAMS.read_bytes()
    switch("demo")
    result = run_stage(folder, "stages.profile", "lmd_full")
    assert result.returncode == 0
    count = len(profile("lmd_full").nodes)
    assert result.stdout == (f"params.yaml: {count} values set for lmd_full; run ./run dvc repro\n")
    assert PARAMS.read_bytes() == wanted
    assert run_stage(folder, "stages.profile").stdout == "params.yaml: lmd_full\n"
    assert sorted(path.name for path in folder.iterdir()) == ["params.yaml", "profiles"]


@pytest.mark.parametrize(
    ("profile_text", "message"),
    [
        (None, r"expected a profile, one of demo, laptop_gpu, lmd_full, weights, got 'mine'\."),
        ("train: {glow: {stepz: 3}}", r"profiles/mine\.yaml: train\.glow\.stepz: params\.yaml has"),
        ("seed: -1", r"params\.yaml with profiles/mine\.yaml: seed: greater than or equal to 0"),
    ],
)
def test_the_command_refuses_in_a_sentence_and_changes_nothing(
    folder: Path, profile_text: str | None, message: str
) -> None:
    if profile_text is not None:
        Path("profiles/mine.yaml").write_text(profile_text)
    result = run_stage(folder, "stages.profile", "mine")
    assert result.returncode == 2
    assert re.fullmatch(rf"error: {message}.*\n", result.stderr)
    assert result.stdout == ""
    assert PARAMS.read_bytes() == (ROOT / PARAMS).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["params.yaml", "profiles"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("audio: 3", "audio: params.yaml has no such value"),
        ("seed: [1]", "seed: a single value expected, got a list"),
        ("soundfonts: {test: TimGM6mb}", "soundfonts.test: a single value expected, got a list"),
        ("spectrograms: {shard_examples: 100}", "shard_examples that is a multiple of chunk"),
        ("train: {glow: {steps: 281}}", "steps that is a multiple of valid_every"),
        ("seed: [", "not readable as YAML"),
        ("seed: 1\nseed: 2", "not readable as YAML"),
        ("", "expected keys with values in profiles/mine.yaml, found none"),
        ("- seed", "expected keys with values in profiles/mine.yaml, found none"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(text: str, message: str) -> None:
    Path("profiles/mine.yaml").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        switched(Document(PARAMS), profile("mine"))
    assert "\n" not in str(caught.value)


def test_a_value_that_another_stands_on_is_not_replaced() -> None:
    edit("  valid: 96", "  valid: &few 96")
    edit("  test: 48", "  test: *few")
    with pytest.raises(InputError, match=r"lmd_full\.yaml: not readable as YAML"):
        switch("lmd_full")


def test_a_fault_elsewhere_in_the_parameters_is_named() -> None:
    edit("db_step: 0.35", "db_step: 0")
    with pytest.raises(ParamsError, match=r"audio\.db_step: "):
        switch("lmd_full")


def test_outside_the_project_it_says_where_to_run_it(tmp_path: Path) -> None:
    PARAMS.unlink()
    with pytest.raises(InputError, match=r"expected params\.yaml, found no such file; run this in"):
        Document(PARAMS)
    shutil.rmtree("profiles")
    with pytest.raises(InputError, match="expected profiles in profiles, found none; run this in"):
        profiles()
