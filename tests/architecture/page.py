"""What docs/architecture.md says, taken from the page itself: so that a test does what a reader would."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/architecture.md"
TOYS = Path(__file__).with_name("toys")


def section(heading: str) -> str:
    """Return the text under a heading of the page, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"the page has no section {heading!r}"
    return found[1]


def commands(heading: str) -> list[list[str]]:
    """Return the command lines that a section shows, as words after ``cuvee``."""
    blocks = re.findall(r"^```console\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    assert words and all(word[0] == "cuvee" for word in words)
    return [word[1:] for word in words]


def edits(heading: str) -> dict[str, list[str]]:
    """Return file -> its lines in the section's diff: " " is there, "+" comes after it."""
    (block,) = re.findall(r"^```diff\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    files: dict[str, list[str]] = {}
    for line in block.splitlines():
        if line.startswith("+++ "):
            lines = files.setdefault(line.removeprefix("+++ "), [])
        else:
            assert line[0] in " +", line
            lines.append(line)
    return files


def edited(text: str, lines: list[str]) -> str:
    """Return a file's text with the lines of a diff added, each after the line above it, which stands there once."""
    there = text.splitlines()
    for line in lines:
        if line[0] == " ":
            assert there.count(line[1:]) == 1, f"{line[1:]!r} stands {there.count(line[1:])} times in the file"
            at = there.index(line[1:])
        else:
            at += 1
            there.insert(at, line[1:])
    return "\n".join(there) + "\n"
