"""The stage benchmark: where test cases come from, and which of them slow systems take."""

import json
from pathlib import Path

import numpy as np
import soundfile

from stages.transfer import spread
from tests.conftest import change, committed, run_stage, write_params
from timbre.evaluation.cases import cases as benchmark

RATE, LENGTH = 16_000, 32_768


GROUPS = ["a", "a", "a", "b", "b"]


def test_fewer_cases_are_among_more_and_of_all_groups() -> None:
    order = spread(GROUPS, 5)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert all(spread(GROUPS, count) == order[:count] for count in range(6))
    assert {GROUPS[number] for number in order[:2]} == {"a", "b"}


def clip(hertz: float, harmonics: int, length: int = LENGTH) -> benchmark.Signal:
    time = np.arange(length) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, harmonics + 1))
    return (0.05 * np.asarray(tone)).astype(np.float32)


def test_a_source_of_cases_that_is_none_is_told(tmp_path: Path) -> None:
    write_params(tmp_path, change(committed(), {"benchmark.source": "nowhere"}))
    result = run_stage(tmp_path, "stages.benchmark", "store", "table", "cases", "metrics")
    assert result.returncode == 2
    assert "expected benchmark.source to be artificial or a file, got 'nowhere'" in result.stderr


def test_a_list_of_recordings_becomes_cases(tmp_path: Path) -> None:
    for name, hertz in (("content", 440), ("style", 660)):
        soundfile.write(tmp_path / f"{name}.flac", clip(hertz, 4), RATE)
    (tmp_path / "pairs").write_text("content.flac\tstyle.flac\n")
    write_params(tmp_path, change(committed(), {"benchmark.source": "pairs"}))
    result = run_stage(tmp_path, "stages.benchmark", "store", "table", "cases", "metrics.json")
    assert result.returncode == 0, result.stderr
    (case,) = (benchmark.Cases(tmp_path / "cases")[number] for number in range(1))
    assert (case.name, case.target, case.notes) == ("content", None, None)
    assert json.loads((tmp_path / "metrics.json").read_text())["cases"] == 1
