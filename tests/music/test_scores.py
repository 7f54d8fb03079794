"""music21's scores: the same MIDI files each time, and nothing else is touched."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.music import midi
from timbre.music.refusals import Refused
from timbre.music.scores import EmptyScoreError, ScoreError, export, export_all, works

WORKS = [
    "bach/bwv66.6.mxl",
    "nottingham-dataset/reelsa-c.abc#80",
    "webern/webern_dormi_jesu_op_16_no_2.mxl",
]

HASHES = """
import hashlib, json, sys
from timbre.music.scores import export
print(json.dumps([hashlib.sha256(export(work)).hexdigest() for work in sys.argv[1:]]))
"""


def files(path: Path) -> set[Path]:
    return {file for file in path.rglob("*") if "__pycache__" not in file.parts}


def test_a_collection_is_thinned_evenly_and_sorted() -> None:
    whole = works(["trecento/*.xml"], 1000)
    some = works(["trecento/*.xml"], 10)
    assert whole == sorted(whole)
    assert len(whole) > 90
    assert len(some) == 10
    assert set(some) < set(whole)
    assert some[0] == whole[0]
    assert whole.index(some[5]) > len(whole) // 3


def test_a_work_in_two_collections_comes_once() -> None:
    assert works(["joplin/*.mxl", "joplin/*"], 5) == ["joplin/maple_leaf_rag.mxl"]


def test_a_file_of_several_tunes_is_several_works() -> None:
    assert works(["nottingham-dataset/*.abc"], 5) == [
        "nottingham-dataset/reelsa-c.abc#80",
        "nottingham-dataset/reelsa-c.abc#81",
    ]


@pytest.mark.parametrize("pattern", ["offenbach/*.mxl", "/etc/*", "", "joplin"])
def test_a_collection_that_fits_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match=r"expected collections .*, got .* which fits no file"):
        works([pattern], 5)


def test_a_chorale_has_its_four_voices() -> None:
    tracks = midi.read(export("bach/bwv66.6.mxl"))
    assert len(tracks) == 4
    assert all(len(track.notes) > 30 and not track.is_drum for track in tracks)
    assert all(track.notes["end"].max() > 16 for track in tracks)


def test_repeats_are_played_once() -> None:
    # 84 s; with its repeats the rag would take 129 s
    ends = [track.notes["end"].max() for track in midi.read(export("joplin/maple_leaf_rag.mxl"))]
    assert 80 < max(ends) < 90


def test_the_same_bytes_in_every_process_and_nothing_written_elsewhere(tmp_path: Path) -> None:
    package = Path(sys.prefix)
    answers = []
    before = files(package / "lib")
    for seed in ("1", "2"):
        home = tmp_path / seed
        home.mkdir()
        environment = os.environ | {"PYTHONHASHSEED": seed, "HOME": str(home), "TMPDIR": str(home)}
        answer = subprocess.run(
            [sys.executable, "-c", HASHES, *WORKS],
            env=environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        answers.append(json.loads(answer.stdout))
        assert list(home.iterdir()) == []
    assert answers[0] == answers[1]
    assert answers[0] == [hashlib.sha256(export(work)).hexdigest() for work in WORKS]
    assert files(package / "lib") == before


def test_a_work_that_fails_says_why() -> None:
    with pytest.raises(ScoreError, match=r"bach/absent\.mxl: ConverterFileException"):
        export("bach/absent.mxl")


def test_a_work_without_notes_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.abc").write_text("X:1\nT:Rests\nM:4/4\nL:1/4\nK:C\nz4|z4|\n")
    monkeypatch.setattr("timbre.music.scores._corpus", lambda: tmp_path)
    with pytest.raises(EmptyScoreError, match="no notes"):
        export("empty.abc")


def test_a_work_that_fails_costs_itself_only() -> None:
    refused: list[Refused] = []
    names = [WORKS[0], "bach/absent.mxl", WORKS[1]]
    exported = list(export_all(names, refused))
    assert exported == [(f"{name}.mid", export(name)) for name in (WORKS[0], WORKS[1])]
    assert [each[:2] for each in refused] == [("bach/absent.mxl", "failed")]
    assert "bach/absent.mxl: ConverterFileException" in refused[0].detail
