"""Let one system transfer the test cases, and measure what that costs.

Usage: python -m stages.transfer NAME BENCHMARK OUTPUTS COST EXAMPLES
    [--checkpoint FILE] [--vocoder FILE] [--shuffled]
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from audio import outputs
from audio.benchmark import Cases, Signal, flac
from audio.files import replacing, write_json
from stages.console import run
from stages.params import load

if TYPE_CHECKING:
    from models.bench import Bench

TORCH = ("ulyanov", "resynthesis")  # systems without a checkpoint that need it all the same
WORKERS = get_context("forkserver")


class Task(NamedTuple):
    """Which system, on which cases."""

    name: str
    checkpoint: Path | None
    vocoder: Path | None
    shuffled: bool
    benchmark: Path


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
def bench(task: Task, device: str = "cpu") -> "Bench":
    """The bench of this process."""
    from models.bench import Bench

    params = load()
    settings = None if task.checkpoint else getattr(params.systems, task.name, None)
    return Bench(
        task.name, task.benchmark, task.checkpoint, task.shuffled, settings,
        params.audio, task.vocoder, params.seed, device,
    )  # fmt: skip


def transfer(task: Task, number: int) -> Signal | None:
    """The output for a case, in a worker."""
    return bench(task).output(number)


def measured(task: Task, number: int) -> tuple[Signal | None, dict[str, float]]:
    """The output for a case and its cost, in a worker beside which nothing else runs.

    A model's speed on a GPU comes with it, where there is one.
    """
    made, figures = bench(task).measured(number)
    if task.checkpoint is None:
        return made, figures
    from torch import cuda  # as the model has done

    if cuda.is_available():
        figures["gpu_realtime"] = bench(task, "cuda").measured(number)[1]["realtime"]
    return made, figures


def main() -> None:
    """Transfer on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the system")
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("outputs", type=Path, help="Parquet to write: all outputs")
    parser.add_argument("cost", type=Path, help="JSON to write: speed, size, memory")
    parser.add_argument("examples", type=Path, help="folder to write: some outputs to hear")
    parser.add_argument("--checkpoint", type=Path, help="of a model")
    parser.add_argument("--vocoder", type=Path, help="checkpoint, for models and resynthesis")
    parser.add_argument("--shuffled", action="store_true", help="give it wrong style clips")
    args = parser.parse_args()
    if args.vocoder is None and (args.checkpoint or args.name == "resynthesis"):
        parser.error(f"expected --vocoder FILE for {args.name}, as it makes mels")

    settings = load().evaluate
    # the command itself does without torch: it is loaded once, where the workers come from
    needed = args.checkpoint is not None or args.name in TORCH
    WORKERS.set_forkserver_preload(["models.trained" if needed else "models.bench"])
    task = Task(args.name, args.checkpoint, args.vocoder, args.shuffled, args.benchmark)
    cases = Cases(args.benchmark)
    labels = cases.labels()
    order = spread([label["group"] for label in labels], len(labels))
    numbers = sorted(order[: settings.limits.get(args.name, len(labels))])
    with ProcessPoolExecutor(1, WORKERS) as pool:
        first, figures = pool.submit(measured, task, numbers[0]).result()
    found = {numbers[0]: first}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), WORKERS) as pool:
        jobs = {number: pool.submit(transfer, task, number) for number in numbers[1:]}
        for number, job in tqdm(jobs.items(), desc=args.name, unit="case"):
            found[number] = job.result()
    made = {labels[n]["name"]: sound for n, sound in found.items() if sound is not None}
    heard = [labels[number]["name"] for number in order[: settings.examples]]
    with replacing(args.examples) as folder:
        folder.mkdir()
        for name in heard:
            if name in made:
                (folder / f"{name}.flac").write_bytes(flac(made[name], cases.sample_rate))
    outputs.write(args.outputs, made, cases.sample_rate)
    write_json(args.cost, {"device": "CPU", **figures})
    print(f"{args.name}: {len(made)} of {len(labels)} cases")


if __name__ == "__main__":
    run(main)
