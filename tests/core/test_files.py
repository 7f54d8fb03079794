"""Files: whole or not at all."""

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import ROOT
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


def test_an_output_that_is_another_one_is_refused_before_any_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="also an output; please give another name"):
        apart(tmp_path / "a", [tmp_path / "b" / ".." / "a"], "output")


@pytest.mark.parametrize("is_there", [False, True])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path, is_there: bool) -> None:
    place, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    if is_there:
        place.parent.mkdir()
        place.write_text("old")
    link.symlink_to(place)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert place.read_text() == "new"
    assert [each.name for each in place.parent.iterdir()] == ["file"]


def test_a_pipe_stays_one_and_gets_the_whole_result(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit((tmp_path / "pipe").read_text)
        with replacing(tmp_path / "pipe") as temporary:
            temporary.write_text("new")
        assert read.result(60) == "new"
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_a_device_that_is_full_is_told_and_stays_one() -> None:
    with (
        pytest.raises(InputError, match=r"^expected room for /dev/full, its disk is full"),
        replacing(Path("/dev/full")) as temporary,
    ):
        temporary.write_text("new")
    assert Path("/dev/full").is_char_device()


def test_standard_output_goes_on_after_what_is_written_into_it(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from timbre.core.files import write_json\n"
        "print('before'); write_json(Path('/dev/stdout'), 1); print('after')"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            [sys.executable, "-c", code], stdout=out, check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert (tmp_path / "out").read_text() == "before\n1\nafter\n"


def test_what_a_file_lets_whom_do_stays(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(0o600)
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_write_protection_counts_for_whoever_could_pass_it(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"), replacing(path):
        pass
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["file/new", "file/new/more"])
def test_what_would_lie_in_a_file_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("work")
    with pytest.raises(InputError, match=r"file is no folder; please"), replacing(tmp_path / name):
        pytest.fail("the work was begun")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_as_such(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(InputError, match=r"^expected room for .*file, its disk is full; please"),
        replacing(tmp_path / "file"),
    ):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_another_file_is_not_this_ones(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file"):
        (tmp_path / "other").read_bytes()


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as one, replacing(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]
