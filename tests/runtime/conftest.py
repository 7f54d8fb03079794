"""Weights with graphs for all tests here."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of `vqvae` and `glow`, and their graphs."""
    from tests import exported  # brings PyTorch

    return exported.write(tmp_path_factory.mktemp("weights"), ("glow", "vqvae"), 2)
