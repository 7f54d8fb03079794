"""Archives: what is read is what was put in, what is written is the same each time."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from timbre.core.errors import InputError
from timbre.music.archive import is_midi, read_members, write_tar
from timbre.music.refusals import Refused

MIDI = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0"
RIFF = b"RIFF\x20\0\0\0RMIDdata" + MIDI
NOISE = bytes(i * 7919 % 251 for i in range(5000))  # does not compress away
FILES = {
    "b/two.mid": MIDI + NOISE,
    "a.mid": MIDI,
    "b/wrapped.rmi": RIFF,
    "c.txt": b"no MIDI",
    "empty.mid": b"",
    "large.mid": MIDI + bytes(100_000),
    ".hidden.mid": MIDI,
    "__MACOSX/a.mid": MIDI,
    "b/._two.mid": MIDI,
}
EXPECTED = {name: FILES[name] for name in ("a.mid", "b/two.mid", "b/wrapped.rmi")}
REFUSED = {
    Refused("c.txt", "not_midi"),
    Refused("empty.mid", "not_midi"),
    Refused("large.mid", "too_large", "more than 50000 bytes"),
    Refused(".hidden.mid", "hidden"),
    Refused("__MACOSX/a.mid", "hidden"),
    Refused("b/._two.mid", "hidden"),
}
LINK = Refused("link.mid", "not_a_file")


def folder(path: Path) -> Path:
    for name, content in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return path.with_suffix(".zip")


def tarred(path: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        link = tarfile.TarInfo("link.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "a.mid"
        archive.addfile(link)
        for name, content in FILES.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return path


def gzipped(path: Path) -> Path:
    return tarred(path, "w:gz")


def read(path: Path, max_bytes: int = 50_000) -> tuple[list[tuple[str, bytes]], list[Refused]]:
    refused: list[Refused] = []
    return list(read_members(path, max_bytes, refused)), refused


@pytest.mark.parametrize("pack", [folder, zipped, tarred, gzipped])
def test_every_kind_of_source_gives_the_same_files(
    pack: Callable[[Path], Path], tmp_path: Path
) -> None:
    members, refused = read(pack(tmp_path / "source"))
    assert dict(members) == EXPECTED
    assert len(refused) == len(set(refused))
    assert set(refused) - {LINK} == REFUSED


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    assert LINK in read(tarred(tmp_path / "a.tar"))[1]
    (tmp_path / "a.mid").write_bytes(MIDI)
    (tmp_path / "link.mid").symlink_to("absent.mid")
    os.mkfifo(tmp_path / "pipe.mid")
    assert read(tmp_path)[1] == [
        Refused("a.tar", "not_midi"), LINK, Refused("pipe.mid", "not_a_file")
    ]  # fmt: skip


def test_a_folder_is_read_by_sorted_names(tmp_path: Path) -> None:
    assert [name for name, _ in read(folder(tmp_path))[0]] == sorted(EXPECTED)


@pytest.mark.parametrize("pack", [zipped, tarred, gzipped])
def test_an_archive_is_read_in_its_own_order(pack: Callable[[Path], Path], tmp_path: Path) -> None:
    names = [name for name, _ in read(pack(tmp_path / "source"))[0]]
    assert names == [name for name in FILES if name in EXPECTED]


def test_a_file_of_exactly_the_largest_size_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(MIDI)
    assert len(read(tmp_path, len(MIDI))[0]) == 1
    assert read(tmp_path, len(MIDI) - 1) == (
        [], [Refused("a.mid", "too_large", f"more than {len(MIDI) - 1} bytes")]
    )  # fmt: skip


def test_names_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    names = ["/root.mid", "../../up.mid", "./here.mid", "a\\b.mid", "x/./../y.mid"]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in names:
            header = tarfile.TarInfo(name)
            header.size = len(MIDI)
            archive.addfile(header, io.BytesIO(MIDI))
    labels = [name for name, _ in read(tmp_path / "a.tar")[0]]
    assert labels == ["root.mid", "up.mid", "here.mid", "a/b.mid", "x/y.mid"]


def test_midi_is_known_by_its_first_bytes() -> None:
    assert is_midi(MIDI)
    assert is_midi(RIFF)
    assert not is_midi(b"RIFF\0\0\0\0WAVE")
    assert not is_midi(b"")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    members = [("b/" + "long" * 60 + ".mid", MIDI), ("a.mid", MIDI + NOISE), ("é.mid", MIDI)]
    assert write_tar(tmp_path / "out.tar", members) == 3
    assert read(tmp_path / "out.tar")[0] == members


def test_equal_members_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        write_tar(tmp_path / name, EXPECTED.items())
    one = (tmp_path / "one.tar").read_bytes()
    assert one == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        headers = archive.getmembers()
    assert {(h.mtime, h.uid, h.gid, h.uname, h.gname, h.mode) for h in headers} == {
        (0, 0, 0, "", "", 0o644)
    }


def test_files_of_one_name_both_stay(tmp_path: Path) -> None:
    names = ["x/a.mid", "x/a.mid", "x/a~2.mid", "x/a.mid", "a"]
    write_tar(tmp_path / "out.tar", [(name, MIDI + bytes([i])) for i, name in enumerate(names)])
    members = read(tmp_path / "out.tar")[0]
    assert [name for name, _ in members] == [
        "x/a.mid", "x/a~2.mid", "x/a~2~2.mid", "x/a~3.mid", "a"
    ]  # fmt: skip
    assert [content[-1] for _, content in members] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("pack", [zipped, tarred, gzipped])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_an_archive_cut_short_is_refused_and_nothing_is_written(
    pack: Callable[[Path], Path], share: float, tmp_path: Path
) -> None:
    path = pack(tmp_path / "source")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    out = tmp_path / "out" / "midi.tar"
    with pytest.raises(InputError, match=r"cut short or damaged .*; please fetch"):
        write_tar(out, read_members(path, 50_000, []))
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("pack", [zipped, tarred, gzipped])
def test_an_archive_damaged_inside_is_refused(pack: Callable[[Path], Path], tmp_path: Path) -> None:
    path = pack(tmp_path / "source")
    content = bytearray(path.read_bytes())
    place = 6144 if pack is tarred else 600  # a header of the tar, the data of the others
    content[place : place + 64] = bytes(range(64))
    path.write_bytes(content)
    with pytest.raises(InputError, match="cut short or damaged"):
        read(path)


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "source")
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\1\2")
    content[6] |= 1  # the bit that says "encrypted", in both headers
    content[central + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="without password"):
        read(path)


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found nothing; please check the path"):
        read(tmp_path / "absent.zip")


@pytest.mark.parametrize("content", [b"", MIDI, b"text" * 500, b"\x1f\x8b no gzip"])
def test_a_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=r"expected a .*, got .*file.*; please"):
        read(tmp_path / "file")


@pytest.mark.parametrize("pack", [zipped, tarred, gzipped])
def test_an_archive_without_midi_is_refused(
    pack: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "FILES", {"a.txt": b"text", "b.txt": b"more"})
    count = 2 if pack is zipped else 3  # the tars hold a link
    with pytest.raises(InputError, match=f"found none among {count} files"):
        read(pack(tmp_path / "source"))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none among 0 files"):
        read(tmp_path)


def test_a_failed_write_leaves_the_tar_of_before(tmp_path: Path) -> None:
    out = tmp_path / "midi.tar"
    write_tar(out, [("a.mid", MIDI)])
    before = out.read_bytes()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        write_tar(out, read_members(tmp_path / "empty", 100, []))
    assert out.read_bytes() == before
