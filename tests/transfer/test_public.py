"""What library users import: few names, each documented, at no cost until it is used."""

import subprocess
import sys
from inspect import getdoc
from pathlib import Path

import numpy as np
import pytest

import timbre
from tests import shipped
from tests.conftest import ROOT
from tests.transferring import GLOW, RATE, samples, tool
from timbre import InputError, OutputFormat, Transfer


def test_importing_the_package_loads_nothing_that_takes_time() -> None:
    code = "import timbre, sys; print({'numpy', 'torch', 'onnxruntime'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("set()\n", 0)


@pytest.mark.parametrize("name", sorted({*timbre.__all__} - {"__version__", "ProgressCallback"}))
def test_each_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert name in dir(timbre)
    assert len(getdoc(getattr(timbre, name)) or "") > 10


def test_a_name_that_is_none_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'timbre' has no attribute 'Transfers'"):
        _ = timbre.Transfers


def test_models_are_loaded_by_the_names_that_a_folder_has(tmp_path: Path) -> None:
    folder = shipped.write(tmp_path)
    names = Transfer.names(str(folder))
    assert {"glow", "vqvae"} <= {*names}
    assert Transfer.load(weights=str(folder)).sample_rate == RATE
    with pytest.raises(InputError, match=r"which has .*vqvae.*, got 'none'; please name one"):
        Transfer.load("none", folder)


def test_paths_may_be_text(clips: tuple[Path, Path], tmp_path: Path) -> None:
    for name, kind in (("text", str), ("path", Path)):
        tool(GLOW).file(*map(kind, clips), kind(tmp_path / f"{name}.wav"))
    text, path = ((tmp_path / f"{name}.wav").read_bytes() for name in ("text", "path"))
    assert text == path


def test_a_result_has_what_was_read_and_made_until_its_context_ends(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    one = tool(GLOW)
    with one.result(*clips, output_format=OutputFormat(sample_rate=2 * RATE)) as result:
        content, output = result.clips()
        place = result.content.path
        assert place.exists()
        report = result.write(tmp_path / "a.wav", RATE)
    assert not place.exists()
    assert len(content) == len(output) == round(report.seconds * RATE)
    assert np.abs(content - samples(clips[0])).max() < 0.01
    assert np.abs(output - samples(tmp_path / "a.wav")).max() < 1e-4
