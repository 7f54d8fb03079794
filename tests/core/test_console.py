"""What commands say: a sentence for what the user can mend, a traceback for what is our fault."""

import errno
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT
from timbre.core.console import EXTRAS, run
from timbre.core.errors import InputError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("expected a, got b; please give a."), "expected a, got b; please give a."),
        (torch.OutOfMemoryError("CUDA out of memory."), "expected room on the graphics card"),
        (
            PermissionError(errno.EACCES, "Denied", "a.csv"),
            "expected to read or write a file a.csv",
        ),
        (OSError(errno.ENOSPC, "No space left"), "expected to read or write a file: No space left"),
    ],
)
def test_what_can_be_mended_is_a_sentence(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 2
    written = capsys.readouterr().err
    assert written.startswith(f"error: {said}")
    assert written.count("\n") == 1


@pytest.mark.parametrize("closed", ["", ">&-", "2>&-", ">&- 2>&-"])
def test_a_refusal_ends_with_2_whatever_is_closed(closed: str) -> None:
    code = (
        "import sys; from timbre.core.console import run\n"
        "from timbre.core.errors import InputError\n"
        "def main():\n"
        "    sys.stderr.isatty(); print('told')\n"
        "    raise InputError('expected.')\n"
        "run(main)"
    )
    words = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", code]
    result = subprocess.run(
        words, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert result.returncode == 2


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    def main() -> None:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        run(main)


@pytest.mark.parametrize("package", ["uvicorn", "zarr.codecs", "essentia"])
def test_a_package_that_is_not_installed_is_told_with_its_extra(
    package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise ModuleNotFoundError(name=package)

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"error: expected the package \w+, .*timbre-transfer\[\w+\]'\.\n", said)


def test_a_module_of_ours_that_is_missing_is_a_fault() -> None:
    def main() -> None:
        raise ModuleNotFoundError(name="timbre.nowhere")

    with pytest.raises(ModuleNotFoundError):
        run(main)


def test_every_extra_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_ended_by_a_signal_leaves_nothing_half_written(
    tmp_path: Path, number: signal.Signals
) -> None:
    code = (
        "import time; from pathlib import Path; from timbre.core.console import run; "
        "from timbre.core.files import replacing\n"
        "def main():\n"
        "    with replacing(Path('out')) as temporary:\n"
        "        temporary.write_text('half')\n"
        "        print('begun', flush=True)\n"
        "        time.sleep(600)\n"
        "run(main)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    assert list(tmp_path.iterdir()) == []
