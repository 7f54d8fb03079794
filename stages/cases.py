"""Write the test cases as files, for a system to be run on that is none of the pipeline's.

Each case becomes NAME.content.wav, NAME.style.wav and, where it is known, NAME.target.wav; a list,
pairs.tsv, holds a line a case, as the reference's lists do.

Usage: python -m stages.cases BENCHMARK FOLDER
"""

import argparse
from pathlib import Path

import soundfile

from timbre.core.console import run
from timbre.core.files import replacing
from timbre.evaluation.cases.cases import Cases


def main() -> None:
    """Write them all, or nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path, help="the test cases, as data/benchmark.parquet")
    parser.add_argument("folder", type=Path, help="to write")
    args = parser.parse_args()

    cases = Cases(args.benchmark)
    with replacing(args.folder, folder=True) as folder:
        folder.mkdir()
        lines = []
        for number in range(len(cases)):
            case = cases[number]
            names = []
            for kind in ("content", "style", "target"):
                if (clip := getattr(case, kind)) is not None:
                    names.append(f"{case.name}.{kind}.wav")
                    soundfile.write(folder / names[-1], clip, cases.sample_rate, "FLOAT")
            lines.append("\t".join(names))
        (folder / "pairs.tsv").write_text("".join(f"{line}\n" for line in lines))
    print(f"{len(cases)} cases: {args.folder}")


if __name__ == "__main__":
    run(main)
