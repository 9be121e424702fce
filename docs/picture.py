"""Take the README's picture from a real report: python docs/picture.py RUN."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent / "img/report.png"


def main() -> None:
    """Open the report of the run folder named on the command line and save what a person sees first."""
    page_file = (Path(sys.argv[1]) / "report.html").resolve()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 860}, device_scale_factor=1)
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1_500)
        page.screenshot(path=str(TARGET))
        browser.close()
    print(TARGET)


if __name__ == "__main__":
    main()
