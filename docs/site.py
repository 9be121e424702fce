"""What the site does that the pages do not: changelog and contributing come along, and links out of docs/ become text."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ALONG = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>(?!https?:|#|mailto:)[^)#\s]+)(?P<anchor>#[^)]*)?\)")
WITHIN = re.compile(r"\]\(docs/")
COMING = {"when.md"}  # a page of another branch: a link to it once it is there
PAGES = {name: page for page, name in ALONG.items()}


def on_files(files: Any, config: Any) -> Any:
    """Add the two pages that stand at the top of the repository."""
    from mkdocs.structure.files import File

    for page, source in ALONG.items():
        text = WITHIN.sub("](", (ROOT / source).read_text())
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turn links to files of the repository that are no pages into their text."""
    return LINK.sub(_inside, markdown)


def _inside(found: re.Match[str]) -> str:
    target = found["target"].removeprefix("../")
    if target in PAGES:
        return f"[{found['text']}]({PAGES[target]}{found['anchor'] or ''})"
    gone = found["target"].startswith("../") or (target in COMING and not (ROOT / "docs" / target).exists())
    return found["text"] if gone else found[0]
