"""Score what the systems made of the test cases, all of them by the same code.

Usage: python -m stages.evaluate BENCHMARK TIMBRE OUTPUTS SCORES METRICS [--outside FOLDER]
"""

import argparse
import csv
import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tqdm import tqdm

from stages.params import load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing, write_json
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.metrics.melodia import Melodia
from timbre.evaluation.metrics.registry import HEADLINE, METRICS
from timbre.evaluation.results.outputs import Outputs
from timbre.evaluation.results.outside import OutsideOutputs, systems

if TYPE_CHECKING:
    from timbre.evaluation.metrics.scoring import Scorer

MELODIA_SECONDS = 30.0  # for one clip, of which it takes a twentieth of a second
# The command itself does without torch: it is loaded once, where the workers come from.
WORKERS = get_context("forkserver")
WORKERS.set_forkserver_preload(["timbre.evaluation.metrics.scoring", "mir_eval.transcription"])

Scores = dict[str, float]


class Paths(NamedTuple):
    """What is scored, and by what."""

    benchmark: Path
    timbre: Path
    outputs: Path
    outside: Path | None


@lru_cache(maxsize=1)
def scorer(timbre: Path, sample_rate: int) -> "Scorer":
    """The scorer of this process."""
    from timbre.evaluation.metrics.scoring import Scorer

    return Scorer(timbre, sample_rate, Melodia(MELODIA_SECONDS))


@lru_cache(maxsize=1)
def opened(paths: Paths) -> tuple[Cases, dict[str, Outputs], dict[str, OutsideOutputs]]:
    """The cases, and the outputs of the pipeline's systems and of others, by name.

    Raises:
        InputError: if there are none, or two systems have one name.
    """
    cases = Cases(paths.benchmark)
    inside = {path.stem: Outputs(path) for path in sorted(paths.outputs.glob("*.parquet"))}
    if not inside:
        raise InputError(
            f"expected outputs of systems in {paths.outputs}, found none; "
            "please make them with `./run dvc repro evaluate`."
        )
    outside = {}
    if paths.outside is not None:
        names = [label["name"] for label in cases.labels()]
        outside = systems(paths.outside, names, cases.sample_rate)
    if both := sorted(inside.keys() & outside.keys()):
        raise InputError(
            f"expected another name than that of a system of the pipeline, got the folder "
            f"{both[0]} in {paths.outside}; please rename it."
        )
    return cases, inside, outside


def score(paths: Paths, number: int) -> dict[str, Scores]:
    """The scores of all systems that have an output for a case, in a worker."""
    cases, inside, outside = opened(paths)
    case = cases[number]
    outputs = {name: system.get(case.name) for name, system in inside.items()}
    length = len(case.content)
    outputs |= {name: system.get(case.name, length) for name, system in outside.items()}
    sounds = {name: sound for name, sound in outputs.items() if sound is not None}
    return scorer(paths.timbre, cases.sample_rate).score(case, sounds)


def score_all(paths: Paths) -> dict[str, dict[str, Scores]]:
    """The scores by system and case."""
    cases, inside, outside = opened(paths)
    names = [label["name"] for label in cases.labels()]
    table: dict[str, dict[str, Scores]] = {name: {} for name in (*inside, *outside)}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), WORKERS) as pool:
        jobs = [pool.submit(score, paths, number) for number in range(len(names))]
        try:
            with tqdm(total=len(names), desc="score", unit="case") as bar:
                for name, job in zip(names, jobs, strict=True):
                    for system, scores in job.result().items():
                        table[system][name] = scores
                    bar.update()
        except InputError:
            pool.shutdown(cancel_futures=True)  # else the other cases would be scored first
            raise
    return table


def means(rows: dict[str, Scores]) -> dict[str, float]:
    """Means of the headline metrics over the cases that have them, and how many cases there are."""
    figures: dict[str, float] = {"cases": len(rows)}
    for metric in HEADLINE:
        values = [row[metric] for row in rows.values() if metric in row]
        if values:
            figures[metric] = round(float(np.mean(values)), 3)
    return figures


def main() -> None:
    """Score the outputs on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("timbre", type=Path, help="checkpoint of the timbre net")
    parser.add_argument("outputs", type=Path, help="folder of the systems' outputs")
    parser.add_argument("scores", type=Path, help="folder to write: CSVs, a row a case")
    parser.add_argument("metrics", type=Path, help="folder to write: JSONs, means")
    parser.add_argument("--outside", type=Path, help="folder of other systems' outputs")
    args = parser.parse_args()

    load()  # nothing of it is used here, but what is wrong with it is said by every stage
    table = score_all(Paths(args.benchmark, args.timbre, args.outputs, args.outside))
    with replacing(args.scores, folder=True) as folder:
        folder.mkdir()
        for system, rows in table.items():
            with (folder / f"{system}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, ["case", *METRICS], lineterminator="\n")
                writer.writeheader()
                for case, row in rows.items():
                    writer.writerow({"case": case} | {key: f"{row[key]:.6g}" for key in row})
    with replacing(args.metrics, folder=True) as folder:
        folder.mkdir()
        for system, rows in table.items():
            write_json(folder / f"{system}.json", means(rows))
    print(f"{len(table)} systems scored on {len(Cases(args.benchmark))} cases")


if __name__ == "__main__":
    run(main)
