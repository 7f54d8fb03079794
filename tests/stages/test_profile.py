"""Profiles: their values get into the parameters and back, with nothing else changed."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides

from stages.params import load
from stages.profile import PARAMS, leaves, read, status, switch
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


def profile(name: str) -> dict[str, Any]:
    return leaves(read(Path("profiles", f"{name}.yaml")))


def edit(old: str, new: str) -> None:
    text = PARAMS.read_text()
    assert text.count(old) == 1
    PARAMS.write_text(text.replace(old, new))


def comments() -> list[str]:
    """All comments of the parameters, in their order, wherever they stand."""
    return re.findall(r"# .*", PARAMS.read_text())


def test_there_are_the_profiles_that_were_promised() -> None:
    assert NAMES == ["demo", "laptop_gpu", "lmd_full", "weights"]


def test_the_demo_is_what_is_committed() -> None:
    before = PARAMS.read_bytes()
    switch("demo")
    assert PARAMS.read_bytes() == before  # the numbers are even written alike


@pytest.mark.parametrize("name", NAMES)
def test_all_profiles_hold_the_same_keys(name: str) -> None:
    assert profile(name).keys() == profile("demo").keys()


def test_profiles_hold_only_what_differs_between_them() -> None:
    every = [profile(name) for name in NAMES]
    assert [k for k in every[0] if len({str(each[k]) for each in every}) == 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_accepted_and_sets_its_values_and_no_others(name: str) -> None:
    before = leaves(read(PARAMS))
    count = switch(name)
    load(PARAMS)
    after = leaves(read(PARAMS))
    assert after == before | profile(name)
    assert count == len(profile(name)) < len(after)


@pytest.mark.parametrize("name", OTHERS)
def test_there_and_back_is_the_same_to_all_readers(name: str) -> None:
    values, words = read(PARAMS), comments()
    switch(name)
    assert read(PARAMS) != values
    assert comments() == words
    switch("demo")
    assert read(PARAMS) == values
    assert comments() == words


def test_the_ends_of_lines_do_not_matter() -> None:
    PARAMS.write_bytes(PARAMS.read_bytes().replace(b"\n", b"\r\n"))
    switch("lmd_full")
    assert leaves(read(PARAMS)).items() >= profile("lmd_full").items()


def test_other_edits_survive() -> None:
    edit("db_mean: -72.0  # dB", "db_mean:   -7.15e1  # measured, dB")
    switch("lmd_full")
    assert load(PARAMS).audio.db_mean == -71.5
    assert any(each.startswith("# measured, dB") for each in comments())


def test_what_dvc_writes_keeps_all_comments() -> None:
    before, words = leaves(read(PARAMS)), comments()
    apply_overrides(PARAMS, ["train.glow.learning_rate=3e-4"])  # as `dvc exp run -S` does
    assert comments() == words
    assert leaves(read(PARAMS)) == before | {"train.glow.learning_rate": 3e-4}


def test_the_status_names_the_profile() -> None:
    for name in NAMES:
        switch(name)
        assert status(NAMES) == f"params.yaml: {name}"


def test_a_number_written_otherwise_is_the_same_number() -> None:
    edit("learning_rate: 1.5e-3", "learning_rate: 0.0015")
    assert status(NAMES) == "params.yaml: demo"


def test_the_status_names_what_differs_from_the_nearest_profile() -> None:
    switch("laptop_gpu")
    edit("  train: 16000", "  train: 12345")
    assert status(NAMES).splitlines() == [
        "params.yaml: custom; nearest to laptop_gpu, but for",
        "  sequences.train: 12345 (laptop_gpu: 16000)",
    ]


def test_the_command_switches_and_says_so(folder: Path) -> None:
    result = run_stage(folder, "stages.profile", "lmd_full")
    assert result.returncode == 0
    count = len(profile("lmd_full"))
    assert result.stdout == (f"params.yaml: {count} values set for lmd_full; run ./run dvc repro\n")
    assert run_stage(folder, "stages.profile").stdout == "params.yaml: lmd_full\n"
    assert sorted(path.name for path in folder.iterdir()) == ["params.yaml", "profiles"]


def test_a_profile_that_is_none_is_refused_in_a_sentence(folder: Path) -> None:
    result = run_stage(folder, "stages.profile", "mine")
    assert result.returncode == 2
    names = ", ".join(NAMES)
    assert result.stderr == f"error: expected a profile, one of {names}, got 'mine'.\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("audio: 3", "audio: a valid dictionary"),
        ("seed: [1]", "seed: a valid integer expected, got [1]"),
        ("seed: -1", "params.yaml with profiles/mine.yaml: seed: greater than or equal to 0"),
        ("train: {glow: {stepz: 3}}", "train.glow.stepz: unknown key; did you mean steps?"),
        ("spectrograms: {shard_examples: 100}", "shard_examples that is a multiple of chunk"),
        ("train: {glow: {steps: 281}}", "steps that is a multiple of valid_every"),
        ("train: {vqvae: {network: {groups: 5}}}", "train.vqvae.network.groups: a number that"),
        ("seed: [", "expected values in profiles/mine.yaml, got while parsing"),
        ("seed: 1\nseed: 2", "expected values in profiles/mine.yaml, got while constructing"),
        ("", "expected keys with values in profiles/mine.yaml, found none"),
        ("- seed", "expected keys with values in profiles/mine.yaml, found none"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_and_changes_nothing(
    folder: Path, text: str, message: str
) -> None:
    Path("profiles/mine.yaml").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        switch("mine")
    assert "\n" not in str(caught.value)
    assert PARAMS.read_bytes() == (ROOT / PARAMS).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["params.yaml", "profiles"]


def test_a_value_that_another_stands_on_is_replaced_alone() -> None:
    edit("  valid: 96", "  valid: &few 96")
    edit("  timbre_test: 160", "  timbre_test: *few")
    switch("weights")
    sequences = load(PARAMS).sequences
    assert (sequences.valid, sequences.timbre_test) == (192, 160)


def test_a_fault_elsewhere_in_the_parameters_is_named() -> None:
    edit("db_step: 0.35", "db_step: 0")
    with pytest.raises(ParamsError, match=r"audio\.db_step: "):
        switch("lmd_full")


def test_outside_the_project_it_says_where_to_run_it(folder: Path) -> None:
    shutil.rmtree("profiles")
    result = run_stage(folder, "stages.profile")
    assert result.stderr == (
        "error: expected profiles in profiles, found none; run this in the project's folder.\n"
    )
