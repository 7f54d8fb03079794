"""Let a model transfer the test cases, or resynthesise the targets; measure what that costs.

Usage: python -m stages.transfer NAME BENCHMARK OUTPUTS COST EXAMPLES --vocoder FILE
           [--checkpoint FILE] [--shuffled]
"""

import argparse
from functools import partial
from pathlib import Path

from stages.params import Params, load
from timbre.core.console import run
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.results.saving import save
from timbre.evaluation.systems.measuring import WORKERS, Task, measure, run_all, spread

NEURAL_MODULE = "timbre.evaluation.systems.neural"  # loads PyTorch, which this command does without


def build(
    params: Params, sample_rate: int, vocoder: Path, checkpoint: Path | None, device: str = "cpu"
) -> object:
    """The system, in a worker: the model of a checkpoint, or without one the resynthesis."""
    from timbre.evaluation.systems import neural

    if checkpoint is None:
        return neural.Resynthesis(params.audio, vocoder)
    return neural.NeuralSystem(checkpoint, sample_rate, vocoder, device)


def has_gpu() -> bool:
    """Whether a model can be timed on a graphics card too."""
    from torch import cuda

    return cuda.is_available()


def main() -> None:
    """Transfer on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="that the outputs get")
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("outputs", type=Path, help="Parquet to write: all outputs")
    parser.add_argument("cost", type=Path, help="JSON to write: speed, size, memory")
    parser.add_argument("examples", type=Path, help="folder to write: some outputs to hear")
    parser.add_argument("--vocoder", type=Path, required=True, help="checkpoint")
    parser.add_argument("--checkpoint", type=Path, help="of the model; none: resynthesis")
    parser.add_argument("--shuffled", action="store_true", help="give it wrong style clips")
    args = parser.parse_args()

    params = load()
    WORKERS.set_forkserver_preload([NEURAL_MODULE])  # loaded once, where the workers come from
    cases = Cases(args.benchmark)
    system = partial(build, params, cases.sample_rate, args.vocoder, args.checkpoint)
    task = Task(system, args.benchmark, args.shuffled, params.seed)  # type: ignore[arg-type]
    labels = cases.labels()
    order = spread([label["group"] for label in labels], len(labels))
    limit = params.transfer.limits["shuffled"] if args.shuffled else 0
    first, *others = sorted(order[: limit or len(labels)])
    sound, cost = measure(task, first)
    outputs = {first: sound, **run_all(task, others, args.name)}
    if args.checkpoint is not None and has_gpu():
        on_card = partial(system, "cuda")
        timed = measure(task._replace(build=on_card), first)  # type: ignore[arg-type]
        cost["gpu_realtime"] = timed[1]["realtime"]
    sounds = {labels[n]["name"]: each for n, each in outputs.items() if each is not None}
    examples = [labels[number]["name"] for number in order[: params.transfer.examples]]
    save(sounds, examples, cost, cases, (args.outputs, args.cost, args.examples))
    print(f"{args.name}: {len(sounds)} of {len(labels)} cases")


if __name__ == "__main__":
    run(main)
