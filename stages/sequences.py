"""MIDI -> note sequences: an example a row, in one Parquet file.

Usage: python -m stages.sequences MIDI TABLE METRICS
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import TimeoutError as Timeout
from multiprocessing import get_context
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from audio import archive, examples, midi, table
from audio.errors import InputError
from audio.files import write_json
from audio.notes import Track
from audio.soundfonts import SPLITS
from stages.console import run
from stages.params import Params, load

COUNTED = (
    "files",
    "pieces",
    "duplicates",
    "refused_no_notes",
    "refused_only_drums",
    "refused_too_short",
    "refused_unreadable",
)
NO_LIMIT = 2**30  # bytes: what is too large was refused when the archive was made
SECONDS_A_FILE = 20  # a file that takes longer to parse is given up


def pieces(source: Path, counts: Counter[str]) -> Iterator[tuple[str, list[Track]]]:
    """The pieces of an archive, in its order, each content once; what is refused is counted.

    Files are parsed in worker processes, so that one that crashes or hangs the parser costs
    nothing but itself.
    """
    members = [data for _, data in archive.read_members(source, NO_LIMIT, counts)]
    counts["files"] = len(members)
    seen: set[str] = set()
    with ProcessPool(context=get_context("spawn")) as pool:
        try:
            results = pool.map(midi.piece, members, timeout=SECONDS_A_FILE).result()
            for _ in tqdm(members, desc="parse", unit="file"):
                try:
                    piece = next(results)
                except (Timeout, ProcessExpired):
                    piece = None
                if piece is None:
                    counts["refused_unreadable"] += 1
                elif piece[0] in seen:
                    counts["duplicates"] += 1
                else:
                    seen.add(piece[0])
                    yield piece
        finally:
            pool.stop()  # type: ignore[no-untyped-call]  # or an error would wait for all files


def draw(source: Path, settings: Params, counts: Counter[str]) -> list[examples.Example]:
    """The examples of all pieces; at most as many a split as the settings say, drawn by chance."""
    fonts = {split: getattr(settings.soundfonts, split) for split in SPLITS}
    drawn = []
    for key, tracks in pieces(source, counts):
        for number in range(settings.sequences.examples_per_piece):
            try:
                example = examples.draw(
                    tracks,
                    key,
                    number,
                    settings.seed,
                    fonts,
                    settings.audio.segment_seconds,
                    settings.sequences,
                )
            except examples.RefusedError as reason:
                counts[f"refused_{reason}"] += 1
                break
            drawn.append(
                (examples.generator(settings.seed, "order", key, number).random(), example)
            )
        else:
            counts["pieces"] += 1
    # an order by chance, not by name, so that a limit takes from every collection
    ordered = [example for _, example in sorted(drawn, key=lambda item: item[0])]
    chosen = []
    for split in SPLITS:
        limit = getattr(settings.sequences, split)
        found = [example for example in ordered if example.split == split]
        found = examples.pair(found, settings.seed) if split == "test" else found
        if not found:
            raise InputError(
                f"expected pieces enough for train, valid and test, found none for {split} among "
                f"{counts['pieces']} usable ones; please give more MIDI files."
            )
        chosen += found[:limit]
    return chosen


def main() -> None:
    """Parse, draw, write the table and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("midi", type=Path, help="the archive of MIDI files")
    parser.add_argument("table", type=Path, help="Parquet: the examples")
    parser.add_argument("metrics", type=Path, help="JSON: what was used, what refused and why")
    args = parser.parse_args()

    settings = load()
    counts = Counter(dict.fromkeys(COUNTED, 0))  # a reason that did not occur is said as well
    chosen = draw(args.midi, settings, counts)
    table.write(args.table, chosen)
    write_json(args.metrics, dict(counts))
    print(f"{len(chosen)} examples of {counts['pieces']} pieces in {counts['files']} files")


if __name__ == "__main__":
    run(main)
