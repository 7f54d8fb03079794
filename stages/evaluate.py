"""Score one system on the test cases, keep a few of them to hear, and measure what it costs.

Usage: python -m stages.evaluate NAME BENCHMARK TIMBRE SCORES METRICS COST EXAMPLES
    [--checkpoint FILE] [--shuffled]
"""

import argparse
import csv
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tqdm import tqdm

from audio.benchmark import Cases
from audio.files import replacing, write_json
from audio.metrics import NAMES
from stages.console import run
from stages.params import load

if TYPE_CHECKING:
    from models.bench import Bench
    from models.scoring import Scorer

MELODIA_SECONDS = 30.0  # for one clip, of which it takes a twentieth of a second
WORKERS = get_context("forkserver")
# The command itself does without torch: it is loaded once, where the workers come from.
WORKERS.set_forkserver_preload(["models.bench", "models.scoring"])


def spread(groups: Sequence[str], count: int) -> list[int]:
    """Which cases are taken where not all are: the first of each group, then the second, ...

    So fewer are always among more, and no bin of the benchmark is left out.
    """
    seen: dict[str, int] = {}
    ranks = []
    for number, group in enumerate(groups):
        ranks.append((seen.setdefault(group, 0), number))
        seen[group] += 1
    return [number for _, number in sorted(ranks)][:count]


@lru_cache(maxsize=1)
def bench(system: tuple[str, Path | None, bool], cases: Path) -> "Bench":
    """The bench of this process."""
    from models.bench import Bench

    name, checkpoint, shuffled = system
    params = load()
    settings = None if checkpoint else getattr(params.systems, name, None)
    common = (params.audio, params.vocoder, params.seed)
    return Bench(name, cases, checkpoint, shuffled, settings, *common)


@lru_cache(maxsize=1)
def scorer(timbre: Path) -> "Scorer":
    """The scorer of this process."""
    from audio.melodia import Melodia
    from models.scoring import Scorer

    return Scorer(timbre, load().audio, Melodia(MELODIA_SECONDS))


def score(
    system: tuple[str, Path | None, bool], cases: Path, timbre: Path, number: int, kept: Path | None
) -> dict[str, float] | None:
    """All metrics of one case, and its output as FLAC in the folder `kept`, in a worker.

    Returns:
        None if the case lacks what the system takes.
    """
    case, output = bench(system, cases).output(number)
    if output is None:
        return None
    if kept is not None:
        soundfile.write(kept / f"{case.name}.flac", output, load().audio.sample_rate)
    return scorer(timbre).score(case, output)


def cost(system: tuple[str, Path | None, bool], cases: Path, number: int) -> dict[str, float]:
    """What a case costs, in a worker that does nothing else."""
    return bench(system, cases).cost(number)


def main() -> None:
    """Score the cases on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the system")
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("timbre", type=Path, help="checkpoint of the timbre net")
    parser.add_argument("scores", type=Path, help="CSV to write: a row a case")
    parser.add_argument("metrics", type=Path, help="JSON to write: means")
    parser.add_argument("cost", type=Path, help="JSON to write: speed, size, memory")
    parser.add_argument("examples", type=Path, help="folder to write: some cases to hear")
    parser.add_argument("--checkpoint", type=Path, help="of a model")
    parser.add_argument("--shuffled", action="store_true", help="give it wrong style clips")
    args = parser.parse_args()

    settings = load().evaluate
    labels = Cases(args.benchmark).labels()
    order = spread([label["group"] for label in labels], len(labels))
    numbers = sorted(order[: settings.limits.get(args.name, len(labels))])
    heard = set(order[: settings.examples])
    system = (args.name, args.checkpoint, args.shuffled)
    with replacing(args.examples) as folder:
        folder.mkdir()
        with ProcessPoolExecutor(len(os.sched_getaffinity(0)), WORKERS) as pool:
            jobs = [
                pool.submit(
                    score, system, args.benchmark, args.timbre, number,
                    folder if number in heard else None,
                )
                for number in numbers
            ]  # fmt: skip
            found = [job.result() for job in tqdm(jobs, desc=args.name, unit="case")]
        rows = {
            labels[number]["name"]: row
            for number, row in zip(numbers, found, strict=True)
            if row is not None
        }
        with ProcessPoolExecutor(1, WORKERS) as pool:
            figures = pool.submit(cost, system, args.benchmark, numbers[0]).result() if rows else {}
    with replacing(args.scores) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["case", *NAMES], lineterminator="\n")
        writer.writeheader()
        for name, row in rows.items():
            writer.writerow({"case": name} | {key: f"{row[key]:.6g}" for key in row})
    means: dict[str, float] = {"cases": len(rows)}
    for metric in NAMES:
        values = [row[metric] for row in rows.values() if metric in row]
        if values:
            means[metric] = round(float(np.mean(values)), 3)
    write_json(args.cost, {"device": "CPU", **figures})
    write_json(args.metrics, means)
    print(", ".join(f"{key} {value:g}" for key, value in {args.name: 0, **means}.items()))


if __name__ == "__main__":
    run(main)
