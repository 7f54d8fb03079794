"""The page as a static host serves it, and a real browser."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT
from timbre.models import shipped

WEB = ROOT / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Host(NamedTuple):
    """A build that is served."""

    models: Path  # what it was built of
    folder: Path
    url: str


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012  # the base class has it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def modules() -> Path:
    """The packages of `web/package.json`."""
    if shutil.which("npm") is None or CHROMIUM is None:
        pytest.skip("no npm or no Chromium here")
    if not (WEB / "node_modules" / "onnxruntime-web").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True)
    return WEB / "node_modules"


def build(models: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Put the page together."""
    return subprocess.run(
        ["node", "build.mjs", str(models), str(out)],
        cwd=WEB, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small models that fetch frames of the style clip."""
    from tests import exported  # brings PyTorch

    return exported.write(tmp_path_factory.mktemp("graphs"), ("glow", "vqvae"), 2)


@pytest.fixture(scope="session", params=["shipped", "small"])
def host(
    request: pytest.FixtureRequest, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """The page with the models that ship, and with small ones."""
    models = shipped.FOLDER
    if request.param == "small":
        models = request.getfixturevalue("graphs")
    folder = tmp_path_factory.mktemp("page") / "dist"
    built = build(models, folder)
    assert built.returncode == 0, built.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Host(models, folder, f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    server.server_close()
