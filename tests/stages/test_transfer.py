"""The stages benchmark, transfer and evaluate: real runs on cases that the test makes itself."""

import csv
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.conftest import change, committed, run_stage, write_params
from timbre.core.params import Audio
from timbre.core.signal import resampled
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.cases import recorded
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics.registry import METRICS
from timbre.evaluation.results.outputs import Outputs
from timbre.models import checkpoint
from timbre.models.timbre_net.config import TimbreNetConfig
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocoder.settings import VocoderSettings

RATE, LENGTH = 16_000, 32_768
GROUPS = ["a", "a", "a", "b", "b"]


def clip(hertz: float, harmonics: int, length: int = LENGTH) -> benchmark.Signal:
    time = np.arange(length) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, harmonics + 1))
    return (0.05 * np.asarray(tone)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five cases of tones, without notes, and a timbre net."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_params(
        folder, change(committed(), {"transfer.examples": 1, "transfer.limits.eq_match": 2})
    )
    cases = [
        Case(
            f"case{number}", group, "", str(number), "", "", "", None,
            clip(220 + 40 * number, 3), clip(330, 3 + number, 20_000), clip(220, 3 + number),
        )
        for number, group in enumerate(GROUPS)
    ]  # fmt: skip
    benchmark.write(folder / "cases.parquet", cases, RATE)
    torch.manual_seed(0)
    network = TimbreNetConfig.model_validate(committed()["train"]["timbre_net"]["network"])
    audio = Audio.model_validate(committed()["audio"])
    checkpoint.save(folder / "timbre", checkpoint.build("timbre_net", network, audio))
    return folder


def transfer(
    folder: Path, name: str, *options: str, row: str | None = None
) -> subprocess.CompletedProcess[str]:
    row = row or name
    places = (f"outputs/{row}.parquet", f"cost/{row}.json", f"heard/{row}")
    return run_stage(folder, "stages.baseline", name, "cases.parquet", *places, *options)


def evaluate(folder: Path, out: str, net: str = "timbre") -> subprocess.CompletedProcess[str]:
    places = (f"{out}/scores", f"{out}/metrics")
    return run_stage(folder, "stages.evaluate", "cases.parquet", net, "outputs", *places)


Rows = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def scored(folder: Path) -> Rows:
    """The rows of each system's CSV."""
    for result in (
        transfer(folder, "copy_style"),
        transfer(folder, "copy_style", "--shuffled", row="wrong"),
        transfer(folder, "eq_match"),
        evaluate(folder, "out"),
    ):
        assert result.returncode == 0, result.stderr
    found = {}
    for path in (folder / "out" / "scores").iterdir():
        with path.open() as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def test_every_case_is_a_row_with_all_that_is_known(scored: Rows) -> None:
    assert set(scored) == {"copy_style", "wrong", "eq_match"}
    # no notes, no families, and steady tones
    unknown = {"onset_f1", "note_f1", "frame_f1", "family", "attack", "decay", "envelope"}
    for row in scored["copy_style"]:
        assert list(row) == ["case", *METRICS]
        assert {name for name in METRICS if not row[name]} == unknown
    assert [row["case"] for row in scored["copy_style"]] == [f"case{n}" for n in range(5)]


def test_a_limited_system_has_cases_of_all_groups(scored: Rows) -> None:
    assert [row["case"] for row in scored["eq_match"]] == ["case0", "case3"]


def test_the_means_are_those_of_the_rows(folder: Path, scored: Rows) -> None:
    for name, rows in scored.items():
        means = json.loads((folder / "out" / "metrics" / f"{name}.json").read_text())
        assert means.pop("cases") == len(rows)
        for metric, value in means.items():
            assert value == pytest.approx(np.mean([float(row[metric]) for row in rows]), abs=1e-3)


def test_wrong_styles_are_of_other_cases(scored: Rows) -> None:
    pairs = zip(scored["wrong"], scored["copy_style"], strict=True)
    assert all(wrong["timbre"] != right["timbre"] for wrong, right in pairs)


@pytest.mark.usefixtures("scored")
def test_the_first_case_is_kept_to_be_heard(folder: Path) -> None:
    (kept,) = (folder / "heard" / "copy_style").iterdir()
    sound, rate = soundfile.read(kept, dtype="float32")
    case = benchmark.Cases(folder / "cases.parquet")[0]
    assert (kept.name, rate) == ("case0.flac", RATE)
    assert np.allclose(sound, np.resize(case.style, LENGTH), atol=1e-4)
    stored = Outputs(folder / "outputs" / "copy_style.parquet")
    assert np.array_equal(stored.get("case0"), sound)
    assert stored.get("case9") is None


@pytest.mark.usefixtures("scored")
def test_what_it_cost_is_there(folder: Path) -> None:
    cost = json.loads((folder / "cost" / "copy_style.json").read_text())
    assert set(cost) == {"device", "realtime", "parameters", "memory_mb"}
    assert cost["realtime"] > 1


@pytest.mark.usefixtures("scored")
def test_a_net_that_is_none_ends_in_a_sentence_and_leaves_nothing(folder: Path) -> None:
    result = evaluate(folder, "none", net="params.yaml")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("error: expected a checkpoint of this project")
    assert "Traceback" not in result.stderr
    assert not (folder / "none").exists()


@pytest.mark.parametrize("content", [None, b"PAR1 no more"])
def test_outputs_that_are_none_end_in_a_sentence(folder: Path, content: bytes | None) -> None:
    place = folder / "bad"
    place.mkdir(exist_ok=True)
    if content is not None:
        (place / "glow.parquet").write_bytes(content)
    arguments = ("cases.parquet", "timbre", "bad", "none/scores", "none/metrics")
    result = run_stage(folder, "stages.evaluate", *arguments)
    assert result.returncode == 2
    assert re.search(r"error: expected .* in bad.*; please make (it|them) with", result.stderr)


def test_what_makes_mels_is_heard_through_the_vocoder_it_is_given(
    folder: Path, tmp_path: Path
) -> None:
    settings = VocoderSettings.model_validate(committed()["vocoder"])
    audio = Audio.model_validate(committed()["audio"])
    base = checkpoint.build("griffin_lim", settings.griffin_lim, audio)
    vocoder = checkpoint.build("vocoder", RefinementConfig(iterations=1), audio, base).eval()
    checkpoint.save(tmp_path / "vocoder", vocoder)
    places = ("cases.parquet", *(str(tmp_path / name) for name in ("out", "cost", "heard")))

    refused = run_stage(folder, "stages.transfer", "resynthesis", *places)
    assert refused.returncode == 2
    assert "required: --vocoder" in refused.stderr
    wrong = run_stage(folder, "stages.transfer", "resynthesis", *places, "--vocoder", "timbre")
    assert wrong.returncode == 2
    assert (
        "error: expected a checkpoint of a vocoder in timbre, got one of timbre_net" in wrong.stderr
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "vocoder"]

    options = ("--vocoder", str(tmp_path / "vocoder"))
    result = run_stage(folder, "stages.transfer", "resynthesis", *places, *options)
    assert result.returncode == 0, result.stderr
    heard = Outputs(tmp_path / "out").get("case0")
    case = benchmark.Cases(folder / "cases.parquet")[0]
    assert heard is not None
    assert heard.shape == case.content.shape
    level = np.sqrt(np.mean(heard**2)) / np.sqrt(np.mean(np.asarray(case.target) ** 2))
    assert 0.7 < level < 1.4


def test_cases_are_written_as_a_list_of_pairs(folder: Path) -> None:
    result = run_stage(folder, "stages.cases", "cases.parquet", "written")
    assert result.returncode == 0, result.stderr
    again = recorded.cases(
        folder / "written" / "pairs.tsv", Audio.model_validate(committed()["audio"]), 10.0
    )
    cases = benchmark.Cases(folder / "cases.parquet")
    assert [case.name for case in again] == [f"case{n}.content" for n in range(len(cases))]
    for number, case in enumerate(again):
        assert np.corrcoef(case.content, cases[number].content)[0, 1] > 0.99  # rumble is out


def test_outputs_of_other_systems_are_scored_beside_the_others(folder: Path, scored: Rows) -> None:
    cases = benchmark.Cases(folder / "cases.parquet")
    ours = folder / "elsewhere" / "their system"
    ours.mkdir(parents=True)
    (folder / "elsewhere" / "notes.txt").write_text("how they were made")
    for number in (0, 3):  # the style itself, at another rate, and longer than the content
        sound = np.tile(resampled(cases[number].style, RATE, 2 * RATE), 3)
        soundfile.write(ours / f"case{number}.flac", sound, 2 * RATE)
    places = ("cases.parquet", "timbre", "outputs", "beside/scores", "beside/metrics")
    result = run_stage(folder, "stages.evaluate", *places, "--outside", "elsewhere")
    assert result.returncode == 0, result.stderr
    with (folder / "beside" / "scores" / "their system.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["case0", "case3"]
    for row in rows:
        (own,) = [each for each in scored["copy_style"] if each["case"] == row["case"]]
        assert float(row["mfcc"]) == pytest.approx(float(own["mfcc"]), abs=3)
    assert (folder / "beside" / "scores" / "copy_style.csv").read_bytes() == (
        folder / "out" / "scores" / "copy_style.csv"
    ).read_bytes()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["copy_style/case0.wav"], "another name than that of a system of the pipeline"),
        (["x/other.wav"], "expected outputs named like the test cases (case0.wav, ...) in"),
        (["x/case0.wav", "x/case0.flac"], "expected one output for case0, found"),
        (["x/case0.txt"], "is damaged or no audio"),
        ([], "expected a folder of systems' outputs, found none in"),
    ],
)
def test_outputs_that_fit_nothing_are_refused(
    folder: Path, scored: Rows, tmp_path: Path, files: list[str], said: str
) -> None:
    assert scored
    for name in files:
        path = tmp_path / "them" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no sound")
        if path.suffix != ".txt":
            soundfile.write(path, clip(220, 2), RATE)
    places = ("cases.parquet", "timbre", "outputs", f"{tmp_path}/scores", f"{tmp_path}/metrics")
    result = run_stage(folder, "stages.evaluate", *places, "--outside", str(tmp_path / "them"))
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "scores").exists()
