"""Scores of real renderings: each system is best at what it is for, and no case sees another."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import FONT, committed
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics.melodia import Melodia
from timbre.evaluation.metrics.registry import METRICS
from timbre.evaluation.metrics.scoring import Scorer, Scores
from timbre.evaluation.systems.measuring import SystemRunner, Task
from timbre.evaluation.systems.neural import Resynthesis
from timbre.evaluation.systems.systems import System, baseline
from timbre.models import checkpoint
from timbre.models.timbre_net.config import TimbreNetConfig
from timbre.models.timbre_net.families import family
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocoder.settings import VocoderSettings
from timbre.synthesis.synth import Synth, Synthesis

PROGRAMS = (0, 40, 56, 73)  # piano, violin, trumpet, flute
SECONDS = 4.0


def tune(seed: int) -> Notes:
    """Eight notes of half a second on a scale, drawn by chance."""
    rng = np.random.default_rng(seed)
    pitch = rng.choice([60, 62, 64, 65, 67, 69, 71, 72], 8)
    start = np.arange(8) * 0.5
    return notes_from_columns(pitch, np.full(8, 90), start, start + 0.45)


@pytest.fixture(scope="module")
def audio() -> Audio:
    return Audio.model_validate(committed()["audio"] | {"segment_seconds": 4.096})


@pytest.fixture(scope="module")
def vocoder(tmp_path_factory: pytest.TempPathFactory, audio: Audio) -> Path:
    """A checkpoint of Griffin-Lim, which learns nothing."""
    settings = VocoderSettings.model_validate(committed()["vocoder"])
    base = checkpoint.build("griffin_lim", settings.griffin_lim, audio)
    refinement = RefinementConfig(iterations=settings.refinements)
    path = tmp_path_factory.mktemp("vocoder") / "vocoder.safetensors"
    checkpoint.save(path, checkpoint.build("vocoder", refinement, audio, base))
    return path


@pytest.fixture(scope="module")
def cases(
    tmp_path_factory: pytest.TempPathFactory, audio: Audio, synthesis_settings: Synthesis
) -> Path:
    """Each program is played in the sound of the next one."""
    synth = Synth(FONT, audio, synthesis_settings)
    try:

        def sound(notes: Notes, program: int) -> benchmark.Signal:
            return at_level(synth.render(notes, program), audio.level_db).astype(np.float32)

        found = []
        for number, program in enumerate(PROGRAMS):
            style = PROGRAMS[(number + 1) % len(PROGRAMS)]
            notes = tune(number)
            found.append(
                Case(
                    f"case{number}",
                    "",
                    str(program),
                    str(style),
                    family(program),
                    family(style),
                    "TimGM6mb",
                    notes,
                    sound(notes, program),
                    sound(tune(10 + number), style),
                    sound(notes, style),
                )
            )
    finally:
        synth.close()
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    benchmark.write(path, found, audio.sample_rate)
    return path


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory, audio: Audio) -> Iterator[Scorer]:
    """A timbre net that is not trained: even its random features are blind to most of the notes."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = TimbreNetConfig.model_validate(committed()["train"]["timbre_net"]["network"])
    path = tmp_path_factory.mktemp("net") / "timbre.safetensors"
    checkpoint.save(path, checkpoint.build("timbre_net", network, audio))
    with Melodia(60) as melodia:
        yield Scorer(path, audio.sample_rate, melodia)


def runner(
    name: str, cases: Path, audio: Audio, vocoder: Path | None = None, *, shuffled: bool = False
) -> SystemRunner:
    """A copy, or the resynthesis by a vocoder."""
    build: Callable[[], System] = partial(baseline, name, None)
    if name == "resynthesis":
        assert vocoder is not None
        build = partial(Resynthesis, audio, vocoder)
    return SystemRunner(Task(build, cases, shuffled, 0))


def scores(
    name: str, cases: Path, audio: Audio, scorer: Scorer, vocoder: Path, *, shuffled: bool = False
) -> list[Scores]:
    bench = runner(name, cases, audio, vocoder, shuffled=shuffled)
    found = []
    for number in range(len(PROGRAMS)):
        output = bench.output(number)
        assert output is not None
        found.append(scorer.score(bench.cases[number], {name: output})[name])
    return found


def mean(rows: list[Scores], metric: str) -> float:
    return float(np.mean([row[metric] for row in rows]))


@pytest.fixture(scope="module")
def table(cases: Path, audio: Audio, scorer: Scorer, vocoder: Path) -> dict[str, list[Scores]]:
    names = ("copy_content", "copy_style", "resynthesis")
    found = {name: scores(name, cases, audio, scorer, vocoder) for name in names}
    return found | {
        "wrong_style": scores("copy_style", cases, audio, scorer, vocoder, shuffled=True)
    }


def test_of_a_rendered_case_everything_is_known(table: dict[str, list[Scores]]) -> None:
    for rows in table.values():
        assert all(set(row) == set(METRICS) and np.isfinite([*row.values()]).all() for row in rows)


def test_a_target_is_at_no_distance_from_itself(cases: Path, scorer: Scorer) -> None:
    case = benchmark.Cases(cases)[0]
    assert case.target is not None
    own = scorer.score(case, {"itself": case.target})["itself"]
    distances = ("lsd", "lsd_frames", "lsd_raw", "lsd_frames_raw", "jaccard")
    assert [own[name] for name in distances] == [0] * len(distances)
    assert own["rough"] == 1
    assert own["timbre"] == pytest.approx(0, abs=1e-6)
    assert own["mfcc"] == pytest.approx(0, abs=1e-3)
    assert own["envelope"] == pytest.approx(1)
    assert own["attack"] == own["decay"] == 0
    assert own["onset_f1"] > 0.8
    assert own["frame_f1"] > 0.6  # notes ring on


def test_each_copy_is_best_at_what_it_copies(table: dict[str, list[Scores]]) -> None:
    content, style = table["copy_content"], table["copy_style"]
    for metric in ("timbre", "mfcc"):
        assert mean(style, metric) < mean(content, metric)
    assert mean(content, "jaccard") < mean(style, "jaccard")
    for metric in ("onset_f1", "note_f1", "frame_f1"):
        assert mean(content, metric) > mean(style, metric)


def test_a_wrong_style_is_another_timbre(table: dict[str, list[Scores]]) -> None:
    for metric in ("timbre", "mfcc"):
        assert mean(table["wrong_style"], metric) > mean(table["copy_style"], metric)


def test_resynthesis_is_nearest_to_the_target(table: dict[str, list[Scores]]) -> None:
    best = mean(table["resynthesis"], "lsd")
    others = [rows for name, rows in table.items() if name != "resynthesis"]
    assert all(best < mean(rows, "lsd") for rows in others)
    for metric in ("mfcc", "decay"):
        assert all(mean(table["resynthesis"], metric) < mean(rows, metric) for rows in others)
    for name in ("copy_content", "wrong_style"):  # a copied style has the target's own attack
        assert mean(table["resynthesis"], "attack") < mean(table[name], "attack")
    assert all(mean(table["resynthesis"], "envelope") > mean(rows, "envelope") for rows in others)


def test_a_case_is_scored_the_same_whatever_is_scored_beside_it(
    cases: Path,
    tmp_path: Path,
    audio: Audio,
    scorer: Scorer,
    vocoder: Path,
    table: dict[str, list[Scores]],
) -> None:
    whole = benchmark.Cases(cases)
    benchmark.write(tmp_path / "some", [whole[2], whole[0]], whole.sample_rate)
    bench = runner("resynthesis", tmp_path / "some", audio, vocoder)
    for place, number in enumerate((2, 0)):
        case, output = bench.cases[place], bench.output(place)
        assert output is not None
        beside = scorer.score(case, {"other": case.style, "resynthesis": output})
        assert beside["resynthesis"] == table["resynthesis"][number]


def test_without_a_target_the_clips_themselves_are_the_measure(
    cases: Path, tmp_path: Path, audio: Audio, scorer: Scorer, vocoder: Path
) -> None:
    whole = benchmark.Cases(cases)
    case = whole[0]._replace(target=None, notes=None, style_family="")
    benchmark.write(tmp_path / "real", [case], whole.sample_rate)
    found = scorer.score(case, {"content": case.content, "style": case.style})
    assert all(set(scores) == {"timbre", "mfcc", "jaccard"} for scores in found.values())
    assert found["content"]["jaccard"] == 0
    assert found["style"]["timbre"] == pytest.approx(0, abs=1e-6)
    bench = runner("resynthesis", tmp_path / "real", audio, vocoder)
    assert bench.output(0) is None
    assert bench.measured(0) == (None, {})


def test_what_a_system_costs_is_measured(cases: Path, audio: Audio) -> None:
    bench = runner("copy_content", cases, audio)
    made, cost = bench.measured(1)
    assert made is not None
    assert np.array_equal(made, bench.cases[1].content)
    assert cost["parameters"] == 0
    assert cost["realtime"] > 1
    assert cost["memory_mb"] > 50
