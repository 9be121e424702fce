"""The site of docs/: it builds, every link leads somewhere, and its pages ask nothing of the network."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\ssrc=[\"']?(?:https?:)?//"
    r"|<link\b[^>]*rel=[\"']?(?:stylesheet|preconnect|icon)[^>]*href=[\"']?(?:https?:)?//"
)


@pytest.mark.slow  # half a minute
@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the dev group brings mkdocs-material")
def test_the_site_builds_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    names = {page.name for page in pages}
    assert {page.with_suffix(".html").name for page in (ROOT / "docs").glob("*.md")} <= names
    assert {"changelog.html", "contributing.html"} <= names
    assert [page.name for page in pages if FETCHED.search(page.read_text())] == []
    assert "@import" not in (tmp_path / "site.css").read_text()
