"""Every page, on a desktop and on a phone, light and dark: nothing overflows, no text is tiny, and axe-core finds nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.reports import browser
from tests.reports.every_page import PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not browser.CHROMIUM.exists(), reason=f"no Chromium at {browser.CHROMIUM}"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = browser.start(running)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("every")
    for name, write in PAGES.items():
        write(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_overflows_and_no_text_is_tiny(chromium: Any, pages: dict[str, str], name: str) -> None:
    tab = browser.tab_of(chromium, pages[name], width=1280, scheme="light")
    assert tab.evaluate(browser.BOXES) == []
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.evaluate(browser.SETTLE)
    assert tab.evaluate(browser.BOXES) == []
    tab.context.close()


def test_the_test_of_boxes_sees_what_overflows(chromium: Any, tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text(
        "<p style='width:2000px'>wide</p><p style='font-size:9px'>tiny</p>"
        "<table style='table-layout:fixed;width:60px'><tr><td>unbreakablelongword</td><td>b</td></tr></table>"
    )
    tab = browser.tab_of(chromium, page.as_uri(), width=390, scheme="light")
    told = " ".join(tab.evaluate(browser.BOXES))
    assert "outside the window" in told and "text below 11 px" in told and "text out of its td" in told
    tab.context.close()


@pytest.mark.slow  # axe-core takes a second or more a page
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_axe_core_finds_nothing(chromium: Any, pages: dict[str, str], name: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the dev group brings axe-core")
    tab = browser.tab_of(chromium, pages[name], width=width, scheme=scheme)
    found = axe.Axe().run(tab, options={"runOnly": RULES}).response
    assert [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found["violations"]] == []
    tab.context.close()
