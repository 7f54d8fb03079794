"""Bring the test cases together: rendered ones, or real recordings where there are some.

Usage: python -m stages.benchmark STORE TABLE CASES METRICS
"""

import argparse
from collections import Counter
from pathlib import Path

from stages.params import Params, load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import write_json
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.cases import phrases, recorded, rendered
from timbre.evaluation.cases.cases import Case


def collect(settings: Params, store: Path, examples: Path) -> list[Case]:
    """The cases that the parameters ask for.

    Raises:
        InputError: if the source is neither known nor a file that holds cases.
    """
    section = settings.benchmark
    if section.source == "artificial":
        return rendered.cases(store, examples)
    path = Path(section.source)
    if not path.is_file():
        raise InputError(
            f"expected benchmark.source to be artificial or a file, got {section.source!r}; "
            "please give the path of a list of pairs or of a table of recorded notes."
        )
    if phrases.is_table(path):
        return phrases.cases(path, section.cases, settings.seed, settings.audio, section.phrases)
    return recorded.cases(path, settings.audio, section.max_seconds)


def main() -> None:
    """Collect the cases, write them and how many there are of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="the spectrograms, with the test split's audio")
    parser.add_argument("table", type=Path, help="the examples, for the true notes")
    parser.add_argument("cases", type=Path, help="Parquet to write: the test cases")
    parser.add_argument("metrics", type=Path, help="JSON to write: how many there are")
    args = parser.parse_args()

    settings = load()
    cases = collect(settings, args.store, args.table)
    benchmark.write(args.cases, cases, settings.audio.sample_rate)
    write_json(
        args.metrics,
        {
            "source": settings.benchmark.source,
            "cases": len(cases),
            "with_target": sum(case.target is not None for case in cases),
            "with_notes": sum(case.notes is not None for case in cases),
            "style_music": dict(sorted(Counter(case.style_music for case in cases).items())),
            "groups": dict(sorted(Counter(case.group for case in cases).items())),
        },
    )
    print(f"{len(cases)} test cases from {settings.benchmark.source}")


if __name__ == "__main__":
    run(main)
