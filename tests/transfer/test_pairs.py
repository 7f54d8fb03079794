"""Lists of pairs: where outputs go, and that one bad line spoils no other."""

import os
from pathlib import Path, PurePath

import pytest

from timbre.audio.pairs import Pair, read
from timbre.core.errors import InputError
from timbre.transfer import pairs


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("a.content.wav", "a.wav"),
        ("songs/a.b.content.wav", "songs/a.b.wav"),
        ("a.flac", "a.wav"),
        ("a.b.mp3", "a.b.wav"),
        ("a", "a.wav"),
        (".content.wav", ".content.wav"),
        ("../a.wav", "a.wav"),
        ("x/../../../a.wav", "x/a.wav"),
        ("/etc/a.wav", "a.wav"),
    ],
)
def test_outputs_are_named_as_contents_and_stay_inside(content: str, output: str) -> None:
    assert pairs.named(PurePath(content)) == PurePath(output)


@pytest.mark.parametrize("content", ["..", "/", "../..", "."])
def test_a_content_without_a_name_is_refused(content: str) -> None:
    with pytest.raises(InputError, match="as content"):
        pairs.named(PurePath(content))


def transferred(folder: Path, text: str, out: Path) -> tuple[list[list[str]], dict[int, str]]:
    """What was transferred, relative to the folder; and what is said of each line."""
    (folder / "pairs.tsv").write_text(text)
    done: list[list[str]] = []

    def one(*paths: Path) -> None:
        if "bad" in paths[0].name:
            raise InputError("expected better.")
        done.append([path.relative_to(folder).as_posix() for path in paths])

    said = {
        n: str(result) for n, result in pairs.transfer(read(folder / "pairs.tsv"), folder, out, one)
    }
    return done, said


def test_lines_are_transferred_in_order_and_comments_passed_over(tmp_path: Path) -> None:
    text = (
        "\ufeff# content\tstyle\n\n"
        "a.content.wav\ts.wav\ta.target.wav\r\n"
        "  # more\nx/b.flac\t y/s.wav \n"
    )
    done, said = transferred(tmp_path, text, tmp_path / "out")
    assert done == [
        ["a.content.wav", "s.wav", "out/a.wav"],
        ["x/b.flac", "y/s.wav", "out/x/b.wav"],
    ]
    assert list(said) == [3, 5]


@pytest.mark.parametrize(
    "line",
    [
        "bad.wav\ts.wav",
        "a.wav",
        "a\tb\tc\td",
        "a.wav\t\tc",
        "..\ts",
    ],
)
def test_a_bad_line_is_told_and_the_others_go_on(tmp_path: Path, line: str) -> None:
    text = f"one.wav\ts.wav\n{line}\ntwo.wav\ts.wav\n"
    done, said = transferred(tmp_path, text, tmp_path / "out")
    assert [paths[0] for paths in done] == ["one.wav", "two.wav"]
    assert list(said) == [1, 2, 3]
    assert said[2].startswith("expected ")
    assert said[2].endswith(".")


def test_a_content_that_comes_again_is_named_by_its_style_too(tmp_path: Path) -> None:
    text = "a.wav\ts.wav\na.wav\tt.wav\na.content.wav\tt.wav\nb.wav\ts.wav\n"
    done, said = transferred(tmp_path, text, tmp_path / "out")
    assert [Path(paths[2]).name for paths in done] == ["a.wav", "a as t.wav", "b.wav"]
    assert "that of line 2" in said[3]


def test_a_name_that_no_file_can_have_ends_its_own_line_alone(tmp_path: Path) -> None:
    text = f"a.wav\ts.wav\n{300 * 'x'}.wav\ts.wav\nb.wav\ts.wav\n"

    def one(content: Path, style: Path, out: Path) -> None:
        content.stat() if len(content.name) > 255 else None

    (tmp_path / "pairs.tsv").write_text(text)
    found = dict(pairs.transfer(read(tmp_path / "pairs.tsv"), tmp_path, tmp_path / "out", one))
    assert [number for number, result in found.items() if isinstance(result, InputError)] == [2]


def test_no_input_of_any_line_is_written_over(tmp_path: Path) -> None:
    text = "x.content.wav\tx.wav\na.wav\ts.wav\nb.content.wav\ts.wav\n"
    done, said = transferred(tmp_path, text, tmp_path)
    assert done == [["b.content.wav", "s.wav", "b.wav"]]
    assert "also an input" in said[1]
    assert "also an input" in said[2]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("content\tstyle\ttarget\toutput", "a.wav\ts.wav\tt.wav\tmine/one.flac"),
        ("content\tstyle\toutput", "a.wav\ts.wav\tmine/one.flac"),
        ("Output\tStyle\tContent", "mine/one.flac\ts.wav\ta.wav"),
        ("content\tstyle\ttarget\toutput", "a.wav\ts.wav\t\tmine/one.flac\t\t"),
    ],
)
def test_a_list_that_names_its_columns_may_name_the_outputs(
    tmp_path: Path, header: str, row: str
) -> None:
    done, said = transferred(tmp_path, f"# mine\n{header}\n{row}\n", tmp_path / "out")
    assert done == [["a.wav", "s.wav", "out/mine/one.flac"]]
    assert list(said) == [3]
    (pair,) = [pair for _, pair in read(tmp_path / "pairs.tsv")]
    assert isinstance(pair, Pair)
    assert [path.name for path in pair.inputs()] == ["a.wav", "s.wav", "t.wav"][
        : 2 + ("t.wav" in row)
    ]


def test_outputs_may_have_names_or_not_and_get_an_extension(tmp_path: Path) -> None:
    text = "content\tstyle\toutput\na.wav\ts.wav\na.wav\tt.wav\ttake 1.5\na.wav\tu.wav\tb.MP3\n"
    done, _ = transferred(tmp_path, text, tmp_path / "out")
    assert [Path(paths[2]).name for paths in done] == ["a.wav", "take 1.5.wav", "b.MP3"]


@pytest.mark.parametrize("output", ["/abs.wav", "../up.wav", "x/../../up.wav", ".", "one"])
def test_an_output_that_leads_out_or_is_anothers_is_refused(tmp_path: Path, output: str) -> None:
    text = f"content\tstyle\toutput\na.wav\ts.wav\tone.wav\nb.wav\ts.wav\t{output}\n"
    done, said = transferred(tmp_path, text, tmp_path / "out")
    assert [paths[0] for paths in done] == ["a.wav"]
    assert said[3].startswith("expected an output ")


def test_a_target_is_not_written_over(tmp_path: Path) -> None:
    _, said = transferred(tmp_path, "a.content.wav\ts.wav\ta.wav\n", tmp_path)
    assert "also an input" in said[1]


def test_a_name_made_of_both_is_not_that_of_an_input(tmp_path: Path) -> None:
    text = "x.wav\ts.wav\nx.wav\tt.wav\nx as t.wav\ts.wav\n"
    (tmp_path / "out").symlink_to(tmp_path)
    _, said = transferred(tmp_path, text.replace("x.wav", "x.flac"), tmp_path / "out")
    assert "also an input" in said[2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(tmp_path: Path, end: str) -> None:
    names = ("a\u2028b.wav", "c\x85d.wav")  # which are no ends of lines
    text = end.join(f"{name}\ts.wav" for name in names)
    (tmp_path / "pairs.tsv").write_bytes(text.encode())
    pairs_read = [pair for _, pair in read(tmp_path / "pairs.tsv")]
    assert [pair.content.name for pair in pairs_read if isinstance(pair, Pair)] == list(names)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_may_be_of_an_editors_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "pairs.tsv").write_text("Flöte.wav\ts.wav\n", encoding=encoding)
    assert [pair for _, pair in read(tmp_path / "pairs.tsv")] == [
        Pair(Path("Flöte.wav"), Path("s.wav"))
    ]


def test_names_in_no_encoding_stay_the_bytes_that_they_are(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_bytes(b"caf\xe9.wav\ts.wav\n")
    ((_, pair),) = read(tmp_path / "pairs.tsv")
    assert isinstance(pair, Pair)
    assert os.fsencode(pair.content) == b"caf\xe9.wav"


@pytest.mark.parametrize(
    "content",
    [b"", b"# nothing\n\n", b"\xff\xfe\x00", b"content\tstyle\n", b"a\0.wav\ts.wav\n", None],
)
def test_a_list_without_pairs_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "pairs.tsv").write_bytes(content)
    with pytest.raises(InputError, match=r"^expected .*pairs"):
        read(tmp_path / "pairs.tsv")


def test_a_folder_is_a_list_of_its_recordings_with_one_style(tmp_path: Path) -> None:
    songs, out = tmp_path / "songs", tmp_path / "out"
    songs.mkdir()
    for name in ("b.WAV", "a.mid", "notes.txt", "c.flac", "._c.flac"):
        (songs / name).touch()
    done = []

    def one(content: Path, style: Path, made: Path) -> None:
        done.append((content.relative_to(songs).name, style, made))

    lines = pairs.in_folder(songs, tmp_path / "style.wav")
    assert all(result is None for _, result in pairs.transfer(lines, songs, out, one, ".flac"))
    assert done == [
        (name, tmp_path / "style.wav", out / f"{name[0]}.flac")
        for name in ("a.mid", "b.WAV", "c.flac")
    ]
    # outputs beside the contents: none of these is written over
    (again,) = [r for n, r in pairs.transfer(lines, songs, songs, one, ".flac") if n == 3]
    assert "is also an input" in str(again)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="expected recordings or MIDI files in"):
        pairs.in_folder(tmp_path / "empty", tmp_path / "style.wav")
