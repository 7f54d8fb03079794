"""MIDI -> note sequences: an example a row, in one Parquet file.

The archive is read twice: once to see what is in it, once to draw from what was chosen. So no more
than the examples are ever in memory.

Usage: python -m stages.sequences MIDI TABLE METRICS REFUSED [--before REFUSED]
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from stages.params import Params, load
from timbre.core.chance import generator
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import write_json
from timbre.core.workers import Fault, guarded
from timbre.dataset import examples, pairing, table
from timbre.music import archive, catalog, midi, refusals
from timbre.music.refusals import Refused
from timbre.synthesis.soundfonts import SPLITS

CANDIDATES_PER_CASE = 8  # segments that the benchmark chooses from, for each of its cases
MAX_MIDI_BYTES = 4 * 2**20  # a larger file is none of music, and a hundred are in memory at once


class Task(NamedTuple):
    """A piece to draw from, and which of its examples are wanted."""

    piece: catalog.Piece
    data: bytes
    numbers: list[int]


def choose(pieces: list[catalog.Piece], settings: Params) -> dict[str, list[tuple[int, int]]]:
    """Choice of examples of each split, as `(index of the piece, number)`.

    Their order is drawn by chance, not by name, so that a limit takes from every collection.
    """
    section, seed = settings.sequences, settings.seed
    members: dict[str, list[int]] = {split: [] for split in SPLITS}
    for index, piece in enumerate(pieces):
        members[examples.split_of(seed, piece.cluster, section)].append(index)
    candidates: dict[str, list[tuple[float, int, int]]] = {split: [] for split in SPLITS}
    for split, indices in members.items():
        each = section.examples_per_piece
        if split in examples.TIMBRE_SPLITS:  # it learns timbres, so that few pieces do
            each = max(each, -(-getattr(section, split) // max(1, len(indices))))
        for index in indices:
            for number in range(each):
                place = generator(seed, "order", pieces[index].key, number).random()
                candidates[split].append((place, index, number))
    for split, entries in candidates.items():
        if not entries:
            raise InputError(
                f"expected pieces enough for {', '.join(SPLITS)}, found none for {split} among "
                f"{len(pieces)} usable ones; please give more MIDI files."
            )
    return {
        split: [(index, number) for _, index, number in sorted(candidates[split])][
            : getattr(section, split) * (CANDIDATES_PER_CASE if split == "test" else 1)
        ]
        for split in SPLITS
    }


def draw_all(task: Task, settings: Params) -> list[examples.Example]:
    """The wanted examples of a piece, in a worker."""
    fonts = {split: getattr(settings.soundfonts, split) for split in SPLITS}
    tracks = midi.read(task.data)
    return [
        examples.draw(
            tracks,
            task.piece.key,
            task.piece.cluster,
            number,
            settings.seed,
            fonts,
            settings.audio.segment_seconds,
            settings.sequences,
        )
        for number in task.numbers
    ]


def draw(source: Path, pieces: list[catalog.Piece], settings: Params) -> list[examples.Example]:
    """The examples of all splits, in the table's order."""
    choice = choose(pieces, settings)
    numbers: dict[int, list[int]] = {}
    for places in choice.values():
        for index, number in places:
            numbers.setdefault(pieces[index].number, []).append(number)
    by_number = {piece.number: piece for piece in pieces}

    def tasks() -> Iterator[Task]:
        for number, (_, data) in enumerate(archive.read_members(source, MAX_MIDI_BYTES, [])):
            if number in numbers:
                yield Task(by_number[number], data, numbers[number])

    drawn: dict[tuple[str, int], examples.Example] = {}
    work = guarded(partial(draw_all, settings=settings), tasks())
    for task, result in tqdm(work, total=len(numbers), desc="draw", unit="piece"):
        if isinstance(result, Fault):
            raise InputError(
                f"expected to read {task.piece.file} in {source} a second time, it was "
                f"{result.reason}; please run it again with less else running on this machine."
            )
        for number, example in zip(task.numbers, result, strict=True):
            drawn[task.piece.key, number] = example
    ordered = {
        split: [drawn[pieces[index].key, number] for index, number in places]
        for split, places in choice.items()
    }
    ordered["test"] = pairing.pair(ordered["test"], settings.sequences.test, settings.seed)
    music = settings.sequences.style_music.model_dump()
    ordered["train"] = pairing.other_music(ordered["train"], music, settings.seed)
    # validated as in use: the style is never heard in the target's own piece
    others = {kind: share for kind, share in music.items() if kind != "same_piece"}
    if any(others.values()):
        ordered["valid"] = pairing.other_music(ordered["valid"], others, settings.seed)
    for split in examples.TIMBRE_SPLITS:
        ordered[split] = pairing.styles_of_others(
            ordered[split], settings.seed, alike=split in examples.CLEAN_SPLITS
        )
    if not ordered["test"]:
        raise InputError(
            f"expected test pieces in two programs at least, found none among {len(pieces)} "
            "usable pieces; please give more MIDI files."
        )
    return [example for split in SPLITS for example in ordered[split]]


def account(pieces: list[catalog.Piece], refused: list[Refused]) -> dict[str, object]:
    """Account of every file: `files` = `pieces` + `duplicates` + `refused`."""
    reasons = Counter(each.reason for each in refused)
    removed = sum(reasons[rule] for rule in catalog.DUPLICATES)
    clusters = Counter(piece.cluster for piece in pieces)
    return {
        "files": len(pieces) + len(refused),
        "pieces": len(pieces),
        "duplicates": removed,
        "refused": len(refused) - removed,
        # pieces that are used, but in one split with their like
        "near_duplicates": sum(size for size in clusters.values() if size > 1),
        "reasons": dict(sorted(reasons.items())),
    }


def main() -> None:
    """Survey, draw, write the table, the counts and the list of what was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("midi", type=Path, help="the archive of MIDI files")
    parser.add_argument("table", type=Path, help="Parquet: the examples")
    parser.add_argument("metrics", type=Path, help="JSON: how many files were used, and why not")
    parser.add_argument("refused", type=Path, help="CSV: every file that is not used, and why")
    parser.add_argument("--before", type=Path, help="CSV: files refused before the archive")
    args = parser.parse_args()

    settings = load()
    refused = [] if args.before is None else refusals.read(args.before)
    with tqdm(desc="parse", unit="file") as bar:
        pieces = catalog.survey(
            archive.read_members(args.midi, MAX_MIDI_BYTES, refused),
            settings.audio.segment_seconds,
            settings.sequences.min_onsets,
            refused,
            bar.update,
        )
    rows = draw(args.midi, pieces, settings)
    table.write(args.table, rows)
    refusals.write(args.refused, refused)
    counts = account(pieces, refused)
    write_json(args.metrics, counts)
    print(f"{len(rows)} examples of {counts['pieces']} pieces in {counts['files']} files")


if __name__ == "__main__":
    run(main)
