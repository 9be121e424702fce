"""Every page's examples run, and its tables are those of the code."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import cuvee
from cuvee import cli
from cuvee.models.catalog import CATALOG
from cuvee.planting.files import write

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NO_EXAMPLE = {"benchmarks.md", "comparison.md", "glossary.md", "hardware.md", "log.md"}  # figures, words and history
SHELL = re.compile(r"[|&;<>$*`\\]")  # what only a shell understands


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a sample pool in ``pool`` and its evaluation questions in ``eval``."""
    folder = tmp_path_factory.mktemp("docs") / "demo"
    write(folder, 400, seed=1)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = FENCE.findall(page.read_text())
    assert blocks or page.name in NO_EXAMPLE
    assert "folder `demo`" in FENCE.split(page.read_text())[0] or not blocks  # where they run is said before the first
    monkeypatch.chdir(place)
    monkeypatch.setenv("CUVEE_HOME", str(place / "home"))
    for language, text in blocks:
        if "make " in text:
            continue  # the two commands: CI itself is `make test`, and test_demo runs the demo
        if language == "python":
            exec(compile(text, page.name, "exec"), {"__name__": "__main__"})
        elif SHELL.search(text):
            by_shell(text)
        else:
            by_line(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as a clone's root is after `make demo`: its data are there, and its environment."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("recipes", "docs", "README.md"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    write(folder / "demo", 400, seed=1)
    return folder


def test_the_readmes_example_runs_from_a_clones_root(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    monkeypatch.setenv("CUVEE_HOME", str(clone / "home"))
    (example,) = [text for language, text in FENCE.findall(README.read_text()) if "make " not in text]
    by_shell(example)
    made = {path.name for path in Path("runs/first").iterdir()}
    assert {"selected.jsonl", "report.html", "dataset_info.json", "axolotl.yaml", "train_trl.py", "TRAINING.md"} <= made
    assert len(Path("runs/first/selected.jsonl").read_bytes().splitlines()) == 100


def test_the_readmes_table_is_of_commands_that_work(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that take minutes, or a download, say what they would do, which checks them against what is there."""
    monkeypatch.chdir(clone)
    monkeypatch.setenv("CUVEE_HOME", str(clone / "home"))
    lines = re.findall(r"^\|[^|]*\| `(cuvee[ .][^`]*)` \|", README.read_text(), re.MULTILINE)
    assert len(lines) > 15
    quick = ["--embedder", "lexical"]
    for line in lines:
        if line.startswith("cuvee."):
            assert cuvee.select(["demo/pool"], budget="5%", draws=1, out=Path("runs/python")).summary["rows"]["kept"]
        elif shlex.split(line)[1] in ("inspect", "select", "why"):
            cli.main([*shlex.split(line)[1:], *(quick if " select " in line else [])])
        elif "fetch" in line:
            assert shlex.split(line)[-1] in CATALOG
        elif all(Path(word).exists() for word in shlex.split(line) if word.startswith("runs/")):
            cli.main([*shlex.split(line)[1:], *([] if " report " in line else ["--dry-run"])])
        else:
            cli.build().parse_args(shlex.split(line)[1:])


def by_shell(text: str) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euc", text], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def by_line(text: str) -> None:
    """Run lines that are commands of cuvee and nothing else in this process, where the heavy libraries are imported once."""
    for line in text.splitlines():
        if words := shlex.split(line, comments=True):
            assert words[0] == "cuvee", f"a shell must run {line}"
            cli.main(words[1:])


def test_tables_are_those_of_the_code() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "docs/tables.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in [README, *PAGES]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_reference_has_every_public_name() -> None:
    told = (ROOT / "docs/reference.md").read_text()
    assert [name for name in dir(cuvee) if f"`cuvee.{name}`" not in told] == []


def test_every_page_stands_in_the_site_and_every_command_of_the_comparison_is_one() -> None:
    nav = (ROOT / "mkdocs.yml").read_text()
    assert [page.name for page in PAGES if f": {page.name}\n" not in nav] == []
    rows = re.findall(
        r"^\| (\d+) \|.*?\| (yes|partly|no)\b[^|]*\| (.*) \|$", (ROOT / "docs/comparison.md").read_text(), re.MULTILINE
    )
    assert [int(number) for number, *_ in rows] == list(range(1, 26))
    for _, _, shown in rows:
        command = re.search(r"`cuvee ([^`]+)`", shown)
        assert command and cli.build().parse_args(shlex.split(command[1]))
