"""Mean and standard deviation of scores over several runs, of other seeds say.

A run is a folder of scores, a JSON file a system; or, with --at, a commit, a branch or an
experiment of DVC, in which that folder is read. Nothing is checked out.

Usage: python -m stages.spread RUN... [--at FOLDER]
"""

import argparse
from pathlib import Path, PurePosixPath

from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.evaluation.results.spread import Means, means_of, spread, table


def of_folder(name: str) -> Means:
    """The means in a folder."""
    paths = sorted(Path(name).glob("*.json"))
    return means_of({path.stem: path.read_text() for path in paths}, name)


def of_revision(name: str, folder: str) -> Means:
    """The means in a folder of a commit, a branch or an experiment.

    Raises:
        InputError: if there is no such revision, or no scores in it.
    """
    # imported here: a folder is read without DVC
    from dvc.api import DVCFileSystem
    from dvc.scm import RevError

    try:
        files = DVCFileSystem(rev=name)
        paths = sorted(files.glob(f"{folder.rstrip('/')}/*.json"))
        texts = {PurePosixPath(path).stem: files.read_text(path) for path in paths}
    except RevError:
        raise InputError(
            f"expected a commit, a branch or an experiment, got {name}, which is none; `./run dvc "
            "exp list` names the experiments."
        ) from None
    return means_of(texts, f"{folder} of {name}")


def main() -> None:
    """Read the runs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", help="folders of scores, or revisions with --at")
    parser.add_argument("--at", help="the folder of scores that is read in each revision")
    args = parser.parse_args()

    runs = [of_revision(name, args.at) if args.at else of_folder(name) for name in args.runs]
    print(table(spread(runs)))


if __name__ == "__main__":
    run(main)
