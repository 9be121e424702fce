"""The shape of the house: no circles, no nameless types, no two classes of one name, one spelling, one list of verbs."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import cuvee
from cuvee import verbs

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
FILES = sorted((SRC / "cuvee").rglob("*.py"))
BORDERS = {"torch", "transformers", "peft", "trl", "accelerate", "pyarrow", "lm_eval"}  # libraries without types
ANY_PER_THOUSAND, FORMATTER_OFF = 5, 10


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


@cache
def trees() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text()) for path in FILES}


@cache
def imports() -> dict[str, set[str]]:
    """Return the modules of the house that each imports, anywhere in the file: late ones and TYPE_CHECKING too."""
    known = set(trees())
    found: dict[str, set[str]] = {}
    for module, tree in trees().items():
        targets = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    targets.add(inner if inner in known else node.module)
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        found[module] = (targets & known) - {module}
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected parts of more than one node: whatever reaches each other."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen, ahead = set(), list(graph[start])
        while ahead:
            node = ahead.pop()
            if node not in seen:
                seen.add(node)
                ahead += graph.get(node, ())
        reach[start] = seen
    parts = {tuple(sorted({a} | {b for b in reach[a] if a in reach.get(b, ())})) for a in graph if a in reach[a]}
    return [list(part) for part in sorted(parts)]


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": set()}) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(imports()) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for module, targets in imports().items():
        here = room_of(module)
        rooms.setdefault(here, set()).update({room_of(target) for target in targets} - {here})
    assert circles(rooms) == []


def test_the_linter_has_a_layer_for_every_room() -> None:
    config = (ROOT / "pyproject.toml").read_text()
    layers = set(re.findall(r"cuvee\.(\w+)", config[config.index("layers = [") :]))
    rooms = {room_of(module) for module in trees()} - {"cuvee", "__main__"}
    assert layers == rooms


def test_no_two_classes_have_one_name() -> None:
    names = Counter(node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, times in names.items() if times > 1] == []


def test_types_are_real_outside_the_borders() -> None:
    lines = uses = 0
    for path in FILES:
        text = path.read_text()
        if not BORDERS & {word for line in re.findall(r"^\s*(?:from|import) (\w+)", text, re.M) for word in [line]}:
            lines += text.count("\n")
            uses += len(re.findall(r"\bAny\b", text))
    assert 1_000 * uses / lines <= ANY_PER_THOUSAND


def test_dictionaries_end_at_the_door() -> None:
    for path in FILES:
        text = path.read_text()
        assert "locals()" not in text, path
        assert not re.search(r"run_\w+\(\*\*", text), path


def test_the_formatter_wins() -> None:
    assert sum(path.read_text().count("# fmt: skip") for path in FILES) <= FORMATTER_OFF


WRITES = re.compile(
    r"\.(?:write_text|write_bytes|unlink|rmtree|copytree|copyfile|copy2|mkdir|touch|symlink_to|hardlink_to)\("
    r"|os\.(?:link|rename|replace|fsync|remove|mkdir|makedirs)\(|np\.savez?\(|(?:np\.lib\.format\.)?open_memmap\("
    r"|\bopen\(\s*(?:[^\s()]+,\s*)?[\"'](?:w|x|a|r\+|rb\+)b?[\"']"
)
WRITERS = {
    "evaluation/sandbox.py": "pipes, and what the program that tries the fence out would do",
    "intake/watching.py": "a note of how far a reading is: read while it is written, and gone with it",
    "runs/claims.py": "a lock is no content",
    "runs/costs.py": "a switch of the kernel, written to /proc",
    "evaluation/cage/root.py": "the root of the cage, in memory, made by a process that is caged next",
    "store/texts.py": "a lock is no content",
}


def test_whatever_is_written_passes_the_seam_of_the_disk() -> None:
    """What does not cannot be failed at in a test, and may leave half a file or none after a power cut."""
    found: dict[str, list[str]] = {}
    for path in FILES:
        name = str(path.relative_to(SRC / "cuvee"))
        if not name.startswith("disk/") and name not in WRITERS:
            lines = [line.strip() for line in path.read_text().splitlines() if WRITES.search(line)]
            found |= {name: lines} if lines else {}
    assert found == {}


def test_libraries_that_write_are_watched() -> None:
    for path in FILES:
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.Attribute) and node.attr == "save_pretrained":
                assert "with disk.library(" in "\n".join(lines[: node.lineno]), path


def test_one_word_is_spelt_one_way() -> None:
    """The verb is ``distill``; "distilled" and "distiller" are of both spellings. Run folders made before keep their word."""
    tracked = [
        *FILES,
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        ROOT / "Makefile",
    ]
    other = re.compile(r"\bdisti" + r"l(?:s|\b)", re.I)
    found = {
        str(path): other.findall(path.read_text())
        for path in tracked
        if path.name not in ("test_house.py", "test_old_run.py", "log.md")  # these tell of what was
    }
    assert {path: words for path, words in found.items() if words} == {}


def test_command_line_python_and_recipes_read_one_list() -> None:
    assert set(verbs.__all__) == {verb.__name__ for name, verb in verbs.VERBS.items() if not name.startswith("models ")}
    assert all(getattr(cuvee, name) is getattr(verbs, name) for name in verbs.__all__)
    assert set(verbs.RECIPES.values()) < set(verbs.VERBS.values())


@pytest.mark.parametrize("module", ["torch", "numpy", "polars", "pyarrow"])
def test_help_is_light(module: str) -> None:
    code = f"import sys; import cuvee.cli; cuvee.cli.build(); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
