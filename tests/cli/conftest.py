"""Weights and clips that commands are tried with."""

from pathlib import Path

import pytest

from tests import shipped


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(shipped.write(tmp_path_factory.mktemp("weights"), half=True))


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of two contents and a style."""
    shipped.recording(tmp_path / "a.content.wav", 1.0)
    shipped.recording(tmp_path / "more/b.flac", 0.7, seed=1)
    shipped.recording(tmp_path / "style.wav", 1.0, seed=2)
    return tmp_path
