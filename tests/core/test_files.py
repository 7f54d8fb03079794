"""Files: whole or not at all."""

import json
import os
from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.core.files import apart, fingerprint, replacing, sha256, write_json


class Kill(BaseException):
    """What no one catches by mistake."""


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_after_an_error_the_old_file_is_untouched_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(Kill), replacing(path) as temporary:
        temporary.write_text("half")
        raise Kill
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    for name in ("old", "new"):
        with replacing(path, folder=True) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_folder_is_untouched_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(Kill), replacing(path, folder=True) as temporary:
        temporary.mkdir()
        (temporary / "half").write_text("half")
        raise Kill
    assert [file.name for file in path.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_never_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_text() == "old"


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "file") == known


def test_equal_parts_have_equal_fingerprints_whatever_their_keys_order() -> None:
    assert fingerprint(1, {"a": 1, "b": 2}, b"x") == fingerprint(1, {"b": 2, "a": 1}, b"x")


@pytest.mark.parametrize("other", [(b"a", b"bc"), (b"abc",), (b"ab", "c"), (b"c", b"ab")])
def test_other_parts_have_other_fingerprints(other: tuple[object, ...]) -> None:
    assert fingerprint(*other) != fingerprint(b"ab", b"c")


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"b": 1.5, "a": "é"})
    text = (tmp_path / "file.json").read_text()
    assert list(json.loads(text).items()) == [("b", 1.5), ("a", "é")]
    assert text.endswith("}\n")


@pytest.mark.parametrize("folder", [False, True])
def test_a_file_never_takes_the_place_of_a_folder_nor_a_folder_that_of_a_file(
    tmp_path: Path, folder: bool
) -> None:
    path = tmp_path / "thesis"
    if folder:
        path.write_text("work")
    else:
        path.mkdir()
        (path / "draft").write_text("work")
    with (
        pytest.raises(InputError, match=r"thesis is a (file|folder); please"),
        replacing(path, folder=folder),
    ):
        pass
    assert (path if folder else path / "draft").read_text() == "work"


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_path_without_a_name_is_refused(name: str) -> None:
    with (
        pytest.raises(InputError, match=r"^expected (the name of a file|a file to write)"),
        replacing(Path(name)),
    ):
        pass


@pytest.mark.parametrize("name", ["a" * 255, os.fsdecode(b"caf\xe9.txt"), "-", "a b;c"])
def test_any_name_that_a_file_can_have_is_written(tmp_path: Path, name: str) -> None:
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert [os.fsdecode(each) for each in os.listdir(tmp_path)] == [name]  # noqa: PTH208


def test_an_output_that_is_an_input_by_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("work")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "c").hardlink_to(tmp_path / "a")
    for name in ("a", "b", "c"):
        with pytest.raises(InputError, match="also an input; please give another name"):
            apart(tmp_path / name, [tmp_path / "a"])
    assert apart(tmp_path / "d", [tmp_path / "a"]) == tmp_path / "d"
