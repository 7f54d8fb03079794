"""Scratch: what a killed stage left is found by the same stage, and by no other."""

from pathlib import Path

import pytest

from timbre.core.scratch import Scratch


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def killed(*parts: object) -> None:
    """Leave a file in a stage's scratch."""
    with pytest.raises(KeyboardInterrupt), Scratch("stage", *parts) as scratch:
        (scratch.path / "half").write_text("work")
        raise KeyboardInterrupt


def test_work_survives_a_kill() -> None:
    killed(1, {"a": 2})
    with Scratch("stage", 1, {"a": 2}) as scratch:
        assert (scratch.path / "half").read_text() == "work"


def test_nothing_is_left_after_success(tmp_path: Path) -> None:
    killed(1)
    with Scratch("stage", 1):
        pass
    assert list((tmp_path / ".scratch").iterdir()) == []


@pytest.mark.parametrize(("name", "part"), [("stage", 2), ("other", 1)])
def test_other_work_is_not_taken_up(name: str, part: int) -> None:
    killed(1)
    with Scratch(name, part) as scratch:
        assert list(scratch.path.iterdir()) == []
    with Scratch("stage", 1) as scratch:
        assert [file.name for file in scratch.path.iterdir()] == ["half"]
