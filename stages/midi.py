"""Bring the MIDI files in, as one tar.

Usage: python -m stages.midi OUT.tar METRICS.json
"""

import argparse
from collections import Counter
from pathlib import Path

from audio.archive import write_tar
from audio.files import sha256, write_json
from audio.midi_source import locate, members
from stages.console import run
from stages.params import load

LEFT_OUT = ("not_midi", "too_large", "failed", "no_notes", "too_slow")  # the reasons, all reported


def main() -> None:
    """Write the tar, then what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("metrics", type=Path)
    args = parser.parse_args()

    section = load().midi
    source = locate(section)
    counts: Counter[str] = Counter()
    files = write_tar(args.out, members(section, source, counts))
    metrics: dict[str, int | str] = {"files": files, **{name: counts[name] for name in LEFT_OUT}}
    if source is not None and source.is_file():
        metrics |= {"source_bytes": source.stat().st_size, "source_sha256": sha256(source)}
    write_json(args.metrics, metrics)
    print(f"{args.out}: {files} MIDI files from {section.source}, {counts.total()} left out")


if __name__ == "__main__":
    run(main)
