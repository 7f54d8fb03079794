"""The file of test cases: what was written is read, bit for bit, and a bad file is told."""

from pathlib import Path

import numpy as np
import pytest

from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.core.notes import notes_from_columns
from timbre.evaluation.cases.cases import Case, Cases, write
from timbre.models.timbre_net.families import FAMILIES, family

RATE = 16_000


def cases() -> list[Case]:
    """One case of which all is known, one of which little is."""
    rng = np.random.default_rng(0)
    # as 16 bits can hold it
    content, style, target = (
        (rng.integers(-9000, 9000, length) / 2**15).astype(np.float32)
        for length in (8000, 12_345, 8000)
    )
    notes = notes_from_columns([60, 64], [80, 90], [0.0, 0.25], [0.25, 0.5])
    known = Case(
        "a", "few voices, low", "Flute", "Violin", "pipe", "strings", "TimGM6mb", notes,
        content, style, target, "alike",
    )  # fmt: skip
    return [known, Case("b/c", "", "Flöte", "", "", "", "", None, style, content, None)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "cases", cases(), RATE)
    found = Cases(tmp_path / "cases")
    assert (len(found), found.sample_rate) == (2, RATE)
    for number, case in enumerate(cases()):
        for name, value in case._asdict().items():
            assert np.array_equal(getattr(found[number], name), value), name


def test_labels_are_read_without_the_audio(tmp_path: Path) -> None:
    write(tmp_path / "cases", cases(), RATE)
    labels = Cases(tmp_path / "cases").labels()
    assert [label["name"] for label in labels] == ["a", "b/c"]
    assert labels[0]["style_family"] == "strings"
    assert [label["style_music"] for label in labels] == ["alike", ""]
    assert "content" not in labels[0]


def test_twice_written_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, cases(), RATE)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no more"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "cases").write_bytes(content)
    with pytest.raises(InputError, match=r"expected the test cases in .*; please make them with"):
        Cases(tmp_path / "cases")


def test_every_eighth_program_begins_a_family() -> None:
    assert [family(program) for program in range(0, 128, 8)] == list(FAMILIES)
    assert family(40) == family(47) == "strings"
