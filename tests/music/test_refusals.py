"""The list of refused files: what was written is read, whatever the files are called."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from timbre.core.errors import InputError
from timbre.music import refusals, scores
from timbre.music.refusals import Refused

LIST = [
    Refused("a/b.mid", "too_short"),
    Refused('a, "b" and c.mid', "unreadable", "OSError: data byte must be in range 0..127"),
    Refused("two\nlines\r\nand a carriage\rreturn.mid", "same_notes", "é, ü/音.mid"),
    Refused("", "hidden", " blanks \t"),
    Refused('"', "crashed", '","\\udcff'),
    Refused("a/b.mid", "too_short"),
]


@pytest.mark.parametrize("refused", [LIST, LIST[:1], []])
def test_what_was_written_is_read_in_its_order(tmp_path: Path, refused: list[Refused]) -> None:
    refusals.write(tmp_path / "list.csv", refused)
    assert refusals.read(tmp_path / "list.csv") == refused
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_equal_lists_are_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        refusals.write(tmp_path / name, iter(LIST))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes().startswith(b"file,reason,detail\na/b.mid,too_short,\n")


def complain() -> str:
    """What an error says of things and places that are others in each process."""
    with TemporaryDirectory() as folder:
        return f"{object()} (id()={id(object())}) is not in '{folder}/a/b.mid', in 12 of 34"


def test_errors_are_told_in_the_same_words_by_every_run(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        said = {complain(), pool.submit(complain).result()}
    assert len(said) == 2
    refused = {Refused.by(ValueError(each), "c (2)/d.mid", "failed") for each in said}
    assert refused == {
        Refused(
            "c (2)/d.mid", "failed", "<object object at …> (id()=…) is not in 'b.mid', in 12 of 34"
        )
    }


def test_works_that_music21_refuses_are_listed_alike_by_every_run() -> None:
    lists: list[list[Refused]] = [[], []]
    for refused in lists:  # its message holds addresses, and each run has processes of its own
        assert list(scores.export_all(["oneills1850/0001-0050.abc#1"], refused)) == []
    assert lists[0] == lists[1]
    assert lists[0][0].reason == "failed"


def test_a_name_that_is_no_text_is_written_with_escapes(tmp_path: Path) -> None:
    name = b"caf\xe9.mid".decode("utf-8", "surrogateescape")
    refusals.write(tmp_path / "list.csv", [Refused(name, "too_short"), Refused("b", "same", name)])
    escaped = r"caf\udce9.mid"
    assert refusals.read(tmp_path / "list.csv") == [
        Refused(escaped, "too_short"), Refused("b", "same", escaped)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"name,why\na,b\n",
        b"file,reason\na,b\n",
        b"file,reason,detail\na,b,c,d\n",
        b"file,reason,detail\n\xff,b,c\n",
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"expected the list of refused files in .*list\.csv; ple"):
        refusals.read(tmp_path / "list.csv")
