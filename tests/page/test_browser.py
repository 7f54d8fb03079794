"""The page in a real browser: by keyboard, over a reload, and without a fault to axe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.page.serving import PATIENCE, Server  # noqa: E402
from tests.web.conftest import CHROMIUM, modules  # noqa: E402, F401

pytestmark = pytest.mark.slow

PLAYERS = "document.querySelectorAll('.clip button[aria-label=Play]').length >= 2"
WAIT = 1000 * PATIENCE  # ms


@pytest.fixture
def page(server: Server) -> Iterator["playwright.Page"]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(bypass_csp=True).new_page()
        page.set_default_timeout(WAIT)
        page.goto(server.url, wait_until="commit")
        yield page
        browser.close()


def press(page: "playwright.Page", name: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_clips_settings_and_result_come_back_after_a_reload(
    page: "playwright.Page", server: Server
) -> None:
    page.get_by_label("Or a style by name").focus()
    page.keyboard.press("Tab")  # past it
    press(page, "Upright piano notes")
    page.wait_for_function(PLAYERS)
    press(page, "Transfer")
    page.locator("#result button.play:enabled").wait_for()
    stale = page.locator("#result .stale")
    assert not stale.is_visible()
    page.get_by_label("Smoother").check()
    stale.wait_for()
    page.wait_for_timeout(1000)  # until the browser has kept it
    page.reload()
    page.locator("#result button.play:enabled").wait_for()
    page.wait_for_function(PLAYERS)
    stale.wait_for()
    assert page.get_by_label("Smoother").is_checked()
    page.get_by_label("Livelier").check()
    stale.wait_for(state="hidden")
    assert "Traceback" not in server.complaints.read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_it_fits_a_phone(
    page: "playwright.Page",
    modules: Path,  # noqa: F811
    scheme: str,
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    press(page, "Upright piano notes")
    page.wait_for_function(PLAYERS)
    press(page, "Transfer")
    page.locator("#result button.play:enabled").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate((modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
