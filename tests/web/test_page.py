"""The page in a real browser does what the command does, on the visitor's machine alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

playwright = pytest.importorskip("playwright.sync_api")

from tests import shipped  # noqa: E402
from tests.web.conftest import CHROMIUM, Host, build  # noqa: E402
from timbre.transfer.settings import TransferSettings  # noqa: E402
from timbre.transfer.transfer import Transfer  # noqa: E402

pytestmark = pytest.mark.slow
PATIENCE = 120_000  # ms
DECODED = """async (id) => {
  const { decoded } = await import('./audio.js');
  const { rate } = await (await fetch('models.json')).json();
  const channels = await decoded(await document.getElementById(id).files[0].arrayBuffer(), rate);
  return [rate, Array.from(channels[0])];
}"""


@pytest.fixture
def page(host: Host) -> Iterator["playwright.Page"]:
    """A new visitor; every request and every fault is watched."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(accept_downloads=True)
        visited = context.new_page()
        faults: list[str] = []
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        visited.on("pageerror", lambda error: faults.append(str(error)))
        visited.goto(host.url)
        yield visited
        browser.close()
    assert faults == []
    assert {url for url in requests if not url.startswith((host.url, "blob:", "data:"))} == set()


def choose(page: "playwright.Page", content: Path, style: Path) -> None:
    for side, path in (("content", content), ("style", style)):
        page.set_input_files(f"#{side}-file", path)
        playwright.expect(page.locator(f"#{side}-name")).to_contain_text(
            path.name, timeout=PATIENCE
        )


def transfer(page: "playwright.Page") -> None:
    page.click("#transfer")
    playwright.expect(page.locator("#status")).to_contain_text("Done", timeout=PATIENCE)


def saved(page: "playwright.Page", path: Path) -> tuple[np.ndarray, int]:
    with page.expect_download() as download:
        page.click("#download")
    download.value.save_as(path)
    assert download.value.suggested_filename == "content as style.wav"
    found: tuple[np.ndarray, int] = soundfile.read(path)
    return found


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("vqvae", TransferSettings()),
        ("vqvae", TransferSettings(strength=0.4)),
        ("glow", TransferSettings(temperature=0.7, seed=5)),
    ],
)
def test_it_makes_what_the_command_makes(
    page: "playwright.Page", host: Host, tmp_path: Path, model: str, settings: TransferSettings
) -> None:
    content = shipped.recording(tmp_path / "content.wav", 12.0)
    style = shipped.recording(tmp_path / "style.wav", 9.0, seed=1)
    choose(page, content, style)
    page.select_option("#model", model)
    page.locator("#strength").fill(str(round(100 * settings.strength)))
    if settings.temperature is not None:
        page.locator("#temperature").fill(str(settings.temperature))
        page.locator("#seed").fill(str(settings.seed))
    transfer(page)
    found, rate = saved(page, tmp_path / "out.wav")
    heard = []
    for side in ("content", "style"):
        own_rate, samples = page.evaluate(DECODED, f"{side}-file")
        heard.append(np.array(samples, np.float32))
        assert own_rate == rate
    wanted = Transfer.load(model, host.models, backend="onnx")(*heard, rate, settings)
    assert found.shape == wanted.shape
    assert np.corrcoef(found, wanted)[0, 1] > 0.999
    # R128 is told to a tenth of a dB
    assert np.std(found) == pytest.approx(np.std(wanted), rel=0.02)


def test_it_works_offline_after_the_first_visit(page: "playwright.Page") -> None:
    transfer(page)  # of the examples that are chosen in the beginning
    page.context.set_offline(True)
    page.reload()
    transfer(page)
    playwright.expect(page.locator("#download")).to_be_visible()


def test_it_is_used_by_keyboard_and_fits_a_phone(page: "playwright.Page") -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    playwright.expect(page.locator("#transfer")).to_be_enabled(timeout=PATIENCE)
    page.locator("#transfer").focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#status")).to_contain_text("Done", timeout=PATIENCE)
    assert page.locator("#hear-result").is_checked()
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#play")).to_have_text("Stop")
    page.locator("#hear-result").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#hear-style").is_checked()
    page.keyboard.press("ArrowRight")
    assert page.locator("#hear-content").is_checked()
    page.locator("#play").focus()
    page.keyboard.press("Space")
    playwright.expect(page.locator("#play")).to_have_text("Play")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_no_fault(page: "playwright.Page", modules: Path) -> None:
    playwright.expect(page.locator("#transfer")).to_be_enabled(timeout=PATIENCE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate((modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        assert (
            page.evaluate("axe.run().then((found) => found.violations.map((each) => each.id))")
            == []
        )


def test_what_cannot_be_used_is_said_and_the_rest_stays(
    page: "playwright.Page", tmp_path: Path
) -> None:
    playwright.expect(page.locator("#transfer")).to_be_enabled(timeout=PATIENCE)
    (tmp_path / "notes.txt").write_text("no sound")
    page.set_input_files("#content-file", tmp_path / "notes.txt")
    playwright.expect(page.locator(".fault")).to_contain_text("no recording")
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(16_000), 16_000)
    page.set_input_files("#style-file", silent)
    playwright.expect(page.locator("#style-name")).to_contain_text("silent.wav")
    page.click("#transfer")
    playwright.expect(page.locator(".fault")).to_contain_text("silent", timeout=PATIENCE)
    page.select_option("#style-example", index=1)
    playwright.expect(page.locator(".fault")).to_have_count(0)
    transfer(page)


def test_a_build_of_no_models_is_refused(modules: Path, tmp_path: Path) -> None:
    refused = build(tmp_path, tmp_path / "dist")
    assert refused.returncode == 2
    assert "timbre export" in refused.stderr
    assert not (tmp_path / "dist").exists()
