"""Bring the MIDI files in, as one tar.

Usage: python -m stages.midi OUT.tar METRICS.json REFUSED.csv
"""

import argparse
from collections import Counter
from pathlib import Path

from stages.params import load
from timbre.core.console import run
from timbre.core.files import sha256, write_json
from timbre.music import refusals
from timbre.music.archive import write_tar
from timbre.music.refusals import Refused
from timbre.music.sources import locate, members


def main() -> None:
    """Write the tar, then what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("metrics", type=Path, help="JSON: how many files, and why others not")
    parser.add_argument("refused", type=Path, help="CSV: every file that was left out, and why")
    args = parser.parse_args()

    section = load().midi
    source = locate(section)
    refused: list[Refused] = []
    files = write_tar(args.out, members(section, source, refused))
    reasons = Counter(each.reason for each in refused)
    metrics: dict[str, object] = {"files": files, "reasons": dict(sorted(reasons.items()))}
    if isinstance(source, Path) and source.is_file():
        metrics |= {"source_bytes": source.stat().st_size, "source_sha256": sha256(source)}
    refusals.write(args.refused, refused)
    write_json(args.metrics, metrics)
    print(f"{args.out}: {files} MIDI files from {section.source}, {len(refused)} left out")


if __name__ == "__main__":
    run(main)
