"""The list of refused files: what was written is read, whatever the files are called."""

from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.music import refusals
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
