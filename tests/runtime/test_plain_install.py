"""What the plain install can do: it has no PyTorch, and need not run on Linux."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import ROOT

# None in sys.modules would count as imported where SciPy asks what is
GONE = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Gone())
for name in {modules!r}:
    sys.modules.pop(name, None)
"""
PLAIN = """
import mmap, os, signal
class Mapped(mmap.mmap):
    madvise = property(lambda self: object.__getattribute__(self, "no such method"))
if {elsewhere!r}:
    mmap.mmap = Mapped
    del os.posix_fallocate, os.getuid, signal.SIGHUP
from timbre.cli.main import main
main()
"""
TORCH = ("torch", "torchaudio", "onnx", "onnxscript", "lightning")
EXTRAS = (
    *TORCH, "dask", "distributed", "dvc", "essentia", "gradio", "jinja2", "markdown_it",
    "matplotlib", "mir_eval", "music21", "numba", "pebble", "pyarrow", "scipy", "starlette",
    "uvicorn", "zarr",
)  # fmt: skip
LINUX = ("fcntl", "resource", "pwd", "grp", "termios")


def timbre(
    *arguments: str | Path, without: tuple[str, ...] = TORCH, elsewhere: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the command where some modules are not there."""
    return subprocess.run(
        [sys.executable, "-c", (GONE + PLAIN).format(modules=without, elsewhere=elsewhere),
         *map(str, arguments)],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("model", ["glow", "vqvae"])
def test_a_transfer_needs_no_pytorch_and_is_the_same(
    weights: Path, clips: tuple[Path, Path], tmp_path: Path, model: str
) -> None:
    made = []
    for backend, without in (("onnx", TORCH), ("torch", ())):
        out = tmp_path / f"{backend}.wav"
        call = ("transfer", *clips, "-o", out, "--weights", weights, "--model", model)
        said = timbre(*call, "--backend", backend, "--json", without=without)
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["model"] == model
        made.append(soundfile.read(out)[0])
    assert np.abs(made[0]).max() > 0.01
    assert np.abs(made[0] - made[1]).max() < 2e-3 * np.abs(made[0]).max()


@pytest.mark.parametrize("options", [("--stereo",), ("--strength", "0.5"), ("--normalize",)])
def test_a_transfer_needs_nothing_that_an_extra_brings(
    weights: Path, clips: tuple[Path, Path], tmp_path: Path, options: tuple[str, ...]
) -> None:
    call = ("transfer", *clips, "-o", tmp_path / "out.wav", "--weights", weights, *options)
    said = timbre(*call, without=EXTRAS)
    assert said.returncode == 0, said.stderr
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0]).max() > 0.01


def test_equal_inputs_make_equal_files(
    weights: Path, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    for name in ("a.flac", "b.flac"):
        call = ("transfer", *clips, "-o", tmp_path / name, "--weights", weights)
        assert timbre(*call).returncode == 0
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()


def test_a_transfer_needs_nothing_that_linux_alone_has(
    weights: Path, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    call = ("transfer", *clips, "--weights", weights, "--stereo", "-o")
    said = timbre(*call, tmp_path / "there.flac", without=(*TORCH, *LINUX), elsewhere=True)
    assert said.returncode == 0, said.stderr
    assert timbre(*call, tmp_path / "here.flac").returncode == 0
    assert (tmp_path / "there.flac").read_bytes() == (tmp_path / "here.flac").read_bytes()


def test_the_page_needs_nothing_that_linux_alone_has(weights: Path, tmp_path: Path) -> None:
    script = (
        GONE.format(modules=("fcntl", "torch")) + "from pathlib import Path\n"
        "from timbre.page.folder import private_folder\n"
        "from timbre.page.service import TransferService\n"
        f"with private_folder() as folder:\n"
        f"    service = TransferService(Path({str(weights)!r}), folder)\n"
        "    print(service.models, service.default_temperature('glow') is not None)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert said.stdout == "('glow', 'vqvae') True\n", said.stderr
    assert not list(tmp_path.iterdir())


def test_what_needs_pytorch_says_which_extra_brings_it(
    weights: Path, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.wav"
    for call in (
        ("transfer", *clips, "-o", out, "--weights", weights, "--backend", "torch"),
        ("export", tmp_path / "out", "--weights", weights),
    ):
        said = timbre(*call)
        assert said.returncode == 2
        assert "pip install 'timbre-transfer[train]'" in said.stderr
        assert "Traceback" not in said.stderr
    assert not out.exists()


def test_info_needs_no_pytorch(weights: Path) -> None:
    said = timbre("info", "--weights", weights)
    assert (said.returncode, said.stderr) == (0, "")
    assert "vqvae" in said.stdout
