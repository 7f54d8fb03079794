"""What commands say: a sentence for what the user can mend, a traceback for what is our fault."""

import re
import tomllib

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
