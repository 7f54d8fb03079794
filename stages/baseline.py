"""Let one system that learns nothing transfer the test cases, and measure what that costs.

Usage: python -m stages.baseline NAME BENCHMARK OUTPUTS COST EXAMPLES [--shuffled]
"""

import argparse
from functools import partial
from pathlib import Path

from stages.params import load
from timbre.core.console import run
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.results.saving import save
from timbre.evaluation.systems.measuring import Task, measure, run_all, spread
from timbre.evaluation.systems.systems import COPIES, baseline


def main() -> None:
    """Transfer on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the system")
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("outputs", type=Path, help="Parquet to write: all outputs")
    parser.add_argument("cost", type=Path, help="JSON to write: speed, memory")
    parser.add_argument("examples", type=Path, help="folder to write: some outputs to hear")
    parser.add_argument("--shuffled", action="store_true", help="give it wrong style clips")
    args = parser.parse_args()

    params = load()
    copies = args.name in COPIES
    settings = None if copies else getattr(params.systems, args.name)
    task = Task(partial(baseline, args.name, settings), args.benchmark, args.shuffled, params.seed)
    cases = Cases(args.benchmark)
    labels = cases.labels()
    order = spread([label["group"] for label in labels], len(labels))
    limit = 0 if copies else params.transfer.limits[args.name]
    first, *others = sorted(order[: limit or len(labels)])
    sound, cost = measure(task, first)
    outputs = {first: sound, **run_all(task, others, args.name)}
    sounds = {labels[n]["name"]: each for n, each in outputs.items() if each is not None}
    examples = [labels[number]["name"] for number in order[: params.transfer.examples]]
    save(sounds, examples, cost, cases, (args.outputs, args.cost, args.examples))
    print(f"{args.name}: {len(sounds)} of {len(labels)} cases")


if __name__ == "__main__":
    run(main)
