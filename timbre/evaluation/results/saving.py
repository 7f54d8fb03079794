"""Saving of a system's outputs: all of them in one file, and some to hear."""

from collections.abc import Sequence
from pathlib import Path

from timbre.core.files import replacing, write_json
from timbre.core.signal import Signal, flac
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.results import outputs


def save(
    sounds: dict[str, Signal],
    examples: Sequence[str],
    cost: dict[str, float],
    cases: Cases,
    paths: tuple[Path, Path, Path],
) -> None:
    """Write what a system made of the test cases.

    Args:
        sounds: outputs by name of the case.
        examples: names of the cases that are kept to hear.
        cost: what it took.
        cases: the test cases.
        paths: of the outputs, a Parquet file; of the cost, JSON; of the folder of examples.
    """
    with replacing(paths[2], folder=True) as folder:
        folder.mkdir()
        for name in examples:
            if name in sounds:
                (folder / f"{name}.flac").write_bytes(flac(sounds[name], cases.sample_rate))
    outputs.write(paths[0], sounds, cases.sample_rate)
    write_json(paths[1], {"device": "CPU", **cost})
