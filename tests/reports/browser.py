"""Headless Chromium for tests, and what they ask of a page in it."""

from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 120_000  # milliseconds: a busy machine is no defect of a page

# What lies outside of the window or of its table cell, unless it can be scrolled to or is cut on purpose; and text below 11 px.
BOXES = (Path(__file__).parent / "boxes.js").read_text()
OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def start(playwright: Any) -> Any:
    """Return a Chromium."""
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


def tab_of(chromium: Any, url: str, *, width: int, scheme: str) -> Any:
    """Return a page that is loaded, with all that folds opened."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width < 600, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto(url)
    tab.evaluate(OPEN_ALL)
    tab.evaluate(SETTLE)
    return tab
