"""Soundfonts: found by name or path, copied by content, refused in a sentence."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import FONT, change, committed, run_stage, write_params
from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.synthesis import soundfonts
from timbre.synthesis.soundfonts import KNOWN_FONTS, PRESET_SOURCES, Resource


def test_a_known_font_is_found_with_its_licence() -> None:
    assert soundfonts.find("TimGM6mb") == (FONT, "GPL-2.0")
    assert soundfonts.file_name("TimGM6mb") == "TimGM6mb.sf2"


def test_a_path_is_a_font_of_unknown_licence(tmp_path: Path) -> None:
    path = tmp_path / "Own.SF3"
    path.write_bytes(b"RIFF....sfbk")
    assert soundfonts.find(str(path)) == (path, "unknown")
    assert soundfonts.file_name(str(path)) == "Own.SF3"


def test_a_font_that_is_not_installed_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = Resource(tmp_path / "FluidR3_GM.sf2", "MIT", KNOWN_FONTS["FluidR3_GM"].package)
    monkeypatch.setitem(KNOWN_FONTS, "FluidR3_GM", absent)
    with pytest.raises(InputError, match=r"please install Debian's fluid-soundfont-gm\."):
        soundfonts.find("FluidR3_GM")


@pytest.mark.parametrize("name", ["FluidR3", "absent.sf2", "/", ""])
def test_an_unknown_name_is_told_the_known_ones(name: str) -> None:
    known = re.escape(", ".join([*KNOWN_FONTS, *PRESET_SOURCES]))
    with pytest.raises(InputError, match=f"expected a soundfont, got {name!r}; .* one of {known}"):
        soundfonts.find(name)


def stage(folder: Path, train: list[str]) -> tuple[int, str]:
    """Run the stage; exit code and what it said."""
    test = ["a/T.sf2"]
    splits = {"train": train, "valid": train, "test": test, "timbre_test": test}
    changes = {f"soundfonts.{split}": fonts for split, fonts in splits.items()}
    changes["soundfonts.timbre"] = ["c/N.sf2"]
    write_params(folder, change(committed(), changes))
    for place, content in (
        ("a/T.sf2", b"tests"),
        ("b/S.sf2", b"others"),
        ("b/T.sf2", b"others"),
        ("c/N.sf2", b"net"),
    ):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(b"RIFF....sfbk" + content)
    result = run_stage(folder, "stages.soundfonts", "out/fonts", "out/card.json")
    return result.returncode, result.stderr or result.stdout


def test_fonts_are_copied_by_content_with_a_card(tmp_path: Path) -> None:
    assert stage(tmp_path, ["b/S.sf2", "TimGM6mb"])[0] == 0
    fonts = tmp_path / "out" / "fonts"
    assert sorted(path.name for path in fonts.iterdir()) == [
        "N.sf2", "S.sf2", "T.sf2", "TimGM6mb.sf2",
    ]  # fmt: skip
    assert (fonts / "TimGM6mb.sf2").read_bytes() == FONT.read_bytes()
    assert not any(path.is_symlink() for path in fonts.iterdir())
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["a/T.sf2"]["splits"] == ["test", "timbre_test"]
    assert card["TimGM6mb"] == {
        "file": "TimGM6mb.sf2",
        "sha256": sha256(FONT),
        "licence": "GPL-2.0",
        "splits": ["train", "valid"],
    }


def test_a_missing_font_ends_in_one_sentence_before_anything_is_copied(tmp_path: Path) -> None:
    code, said = stage(tmp_path, ["TimGM6mb", "absent.sf2"])
    assert code == 2
    assert said.startswith("error: expected a soundfont, got 'absent.sf2'; ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_two_fonts_of_one_file_name_are_refused(tmp_path: Path) -> None:
    code, said = stage(tmp_path, ["b/T.sf2"])
    assert code == 2
    assert said == "error: expected soundfonts of different file names, got T.sf2, T.sf2, N.sf2.\n"


def test_a_file_that_is_no_soundfont_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.sf2"
    other.write_bytes(b"MThd")
    with pytest.raises(InputError, match=r"expected a soundfont in .*other\.sf2, found something"):
        soundfonts.find(str(other))
