"""The sequences stage: a table by the pieces' content, and an account of every file."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stages.params import Params, load
from stages.sequences import choose
from tests.conftest import change, committed, run_stage, write_params
from tests.music.test_catalog import NEAR, REFUSED, SECONDS, USED, write_files
from timbre.core.errors import InputError
from timbre.dataset import table
from timbre.dataset.examples import STYLE_MUSIC, TIMBRE_SPLITS, Example, split_of
from timbre.music import refusals
from timbre.music.catalog import Piece
from timbre.music.refusals import Refused
from timbre.synthesis.soundfonts import SPLITS

BEFORE = [Refused("a, b.abc", "failed", 'it "says", why'), Refused("c.abc", "no_notes")]


def params(folder: Path, **changes: Any) -> Path:
    """Settings that take every example of every piece."""
    values = change(
        committed(),
        {
            "audio.segment_seconds": SECONDS,
            "sequences.test_share": 0.35,
            "sequences.valid_share": 0.15,
            "sequences.timbre_share": 0.15,
            "sequences.timbre_test_share": 0.1,
            "sequences.examples_per_piece": 3,
            "sequences.train": 1000,
            "sequences.valid": 1000,
            "sequences.test": 1000,
            "sequences.timbre": 12,
            "sequences.timbre_test": 6,
        },
    )
    for training in values["train"].values():  # whose crops fit into so short a segment
        training |= {"crop_frames": 64, "style_frames": 64, "style_frames_min": 64}
    return write_params(folder, change(values, changes))


class Outcome(NamedTuple):
    """What the stage said and wrote."""

    said: str
    files: dict[str, bytes]
    examples: list[Example]
    refused: list[Refused]


def stage(folder: Path, *options: str) -> Outcome:
    out = folder / "out"
    names = [f"out/{name}" for name in ("table", "metrics.json", "refused.csv")]
    result = run_stage(folder, "stages.sequences", "midi", *names, *options)
    assert result.returncode == 0, result.stderr
    return Outcome(
        result.stdout,
        {path.name: path.read_bytes() for path in out.iterdir()},
        [example for split in SPLITS for example in table.read(out / "table", split)],
        refusals.read(out / "refused.csv"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sequences")
    params(folder)
    write_files(folder / "midi")
    refusals.write(folder / "before.csv", BEFORE)
    return folder


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    return stage(folder, "--before", "before.csv")


def test_every_file_is_accounted_for(outcome: Outcome) -> None:
    counts = json.loads(outcome.files["metrics.json"])
    assert counts["files"] == USED + len(REFUSED) + len(BEFORE)
    assert counts["pieces"] + counts["duplicates"] + counts["refused"] == counts["files"]
    assert (counts["pieces"], counts["near_duplicates"]) == (USED, len(NEAR))
    reasons = Counter(reason for reason, _ in REFUSED.values())
    assert counts["reasons"] == reasons + Counter(each.reason for each in BEFORE)
    examples = f"{len(outcome.examples)} examples of {USED} pieces"
    assert outcome.said == f"{examples} in {counts['files']} files\n"


def test_every_file_that_is_not_used_is_listed_once_with_its_reason(outcome: Outcome) -> None:
    assert outcome.refused[: len(BEFORE)] == BEFORE
    found = sorted(outcome.refused[len(BEFORE) :])
    assert found == sorted(Refused(name, *why) for name, why in REFUSED.items())


def test_every_piece_has_its_examples_in_one_split(outcome: Outcome) -> None:
    splits: dict[str, list[str]] = {}
    for example in outcome.examples:
        splits.setdefault(example.piece, []).append(example.split)
    assert USED - 2 < len(splits) <= USED  # a piece may find no partner in its bin
    assert all(len(set(found)) == 1 for found in splits.values())
    assert all(len(found) == 3 for found in splits.values() if found[0] in ("train", "valid"))
    assert {split for found in splits.values() for split in found} == set(SPLITS)


def test_near_duplicates_are_in_one_split(outcome: Outcome) -> None:
    clusters: dict[str, set[tuple[str, str]]] = {}
    for example in outcome.examples:
        clusters.setdefault(example.cluster, set()).add((example.piece, example.split))
    assert sorted(map(len, clusters.values())) == [*[1] * (USED - len(NEAR)), len(NEAR)]
    assert all(len({split for _, split in found}) == 1 for found in clusters.values())


def test_styles_are_of_the_split_and_play_other_pieces_where_the_table_says_so(
    outcome: Outcome,
) -> None:
    found = {example.piece: example for example in outcome.examples}
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    least = committed()["sequences"]["min_onsets"]
    for example in outcome.examples:
        counts[example.split][example.style_music] += 1
        assert len(example.style_notes) >= least
        assert (example.style_piece == example.piece) == (example.style_music == "same_piece")
        if other := found.get(example.style_piece):  # of a test case, perhaps in no case itself
            assert other.split == example.split
            assert (other.cluster == example.cluster) == (example.style_music == "same_piece")
    assert set(counts["train"]) == set(STYLE_MUSIC)
    assert set(counts["valid"]) <= {"alike", "any"}
    assert set(counts["test"]) == {"alike"}


def test_run_again_it_is_the_same_table_whatever_the_names_the_order_and_the_workers(
    folder: Path, outcome: Outcome
) -> None:
    names = [path for path in sorted((folder / "midi").rglob("*.mid")) if path.is_file()]
    for number, path in enumerate(reversed(names)):
        # of duplicates the first is kept: which one that is must not change where it tells
        if path.name not in (".hidden.mid", "programs.mid", "tempo.mid"):
            path.rename(folder / "midi" / f"{number:02}.reversed")
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(processors)})  # one worker
    try:
        again = stage(folder)
    finally:
        os.sched_setaffinity(0, processors)
    assert again.files["table"] == outcome.files["table"]
    reasons = Counter(each.reason for each in again.refused)
    assert reasons == Counter(reason for reason, _ in REFUSED.values())


@pytest.fixture
def settings(tmp_path: Path) -> Params:
    return load(params(tmp_path, **{"sequences.train": 28, "sequences.valid": 7}))


def test_a_limit_takes_the_first_of_a_longer_list(settings: Params) -> None:
    pieces = [Piece(f"{n}.mid", n, f"{n:032x}", f"{n // 2:032x}") for n in range(60)]
    limited = choose(pieces, settings)
    longer = settings.sequences.model_copy(update={"train": 10**6, "valid": 10**6})
    whole = choose(pieces, settings.model_copy(update={"sequences": longer}))
    assert [len(limited[split]) for split in SPLITS[:2]] == [28, 7]
    assert all(whole[split][: len(limited[split])] == limited[split] for split in SPLITS)
    seed, section = settings.seed, settings.sequences
    for split in ("train", "valid", "test"):
        own = {n for n, each in enumerate(pieces) if split_of(seed, each.cluster, section) == split}
        assert sorted(whole[split]) == [
            (index, number) for index in sorted(own) for number in range(3)
        ]
    for split in TIMBRE_SPLITS:  # as many of a piece as it takes
        assert len(limited[split]) == getattr(section, split)
    assert len({index for index, _ in limited["train"]}) > 28 / 3  # not piece by piece


def test_pieces_that_are_all_alike_are_refused(settings: Params) -> None:
    pieces = [Piece(f"{n}.mid", n, f"{n:032x}", "c") for n in range(60)]
    with pytest.raises(InputError, match=r"found none for \w+ among 60 usable ones; please give"):
        choose(pieces, settings)
