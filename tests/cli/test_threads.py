"""Threads sleep while they wait, wherever the product computes, unless the user says otherwise."""

import os
import subprocess
import sys

import pytest

from tests import tiny

SHOW = (
    "import os, sys; import {package}; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
)


def shown(package: str, **environment: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(package=package)],
        cwd=tiny.ROOT, env=inherited | environment, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


@pytest.mark.parametrize(
    "package", ["timbre", "timbre.models.registry", "timbre.cli.main", "stages.params"]
)
def test_waiting_is_passive_before_pytorch_is_loaded(package: str) -> None:
    assert shown(package) == "PASSIVE False"


def test_what_the_user_says_stands() -> None:
    assert shown("stages.params", OMP_WAIT_POLICY="ACTIVE") == "ACTIVE False"
