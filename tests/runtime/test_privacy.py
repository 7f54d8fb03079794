"""What computes tells nobody of it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_onnx_runtime_keeps_no_account_of_its_use(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", "import timbre.runtime.onnx_session"], check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
