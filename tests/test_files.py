"""Files: whole or not at all."""

import json
from pathlib import Path

import pytest

from timbre.core.files import fingerprint, replacing, sha256, write_json


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
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_folder_is_untouched_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(Kill), replacing(path) as temporary:
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
