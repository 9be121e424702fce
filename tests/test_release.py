"""A release: the changelog knows the version, and the wheel holds and does what the checkout does."""

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import orjson
import pytest

from cuvee.version import VERSION

ROOT = Path(__file__).parents[1]
ROWS = "".join(
    orjson.dumps({"instruction": f"Name {n} rivers", "output": "Rhine " * (n % 9 + 1)}).decode() + "\n"
    for n in range(60)
)


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(
        r"^## (\S+) \((\d{4}-\d\d-\d\d|not released)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert first and first[1] == VERSION


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--sdist", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.slow  # it installs the base dependencies into an environment of its own: a minute or two
def test_the_wheel_works_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    own = {path for path in (ROOT / "src/cuvee").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {str(path.relative_to(ROOT / "src")) for path in own} <= inside
    venv.create(tmp_path / "clean", with_pip=True)
    (tmp_path / "pool.jsonl").write_text(ROWS)

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    programs = tmp_path / "clean/bin"
    run(str(programs / "pip"), "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    cuvee = str(programs / "cuvee")
    assert VERSION in run(cuvee, "--version")
    run(cuvee, "select", "pool.jsonl", "--budget", "9", "--embedder", "lexical", "--draws", "1", "--out", "first")
    assert (tmp_path / "first/report.html").stat().st_size > 50_000
    assert len((tmp_path / "first/selected.jsonl").read_text().splitlines()) == 9
    missing = subprocess.run(
        [cuvee, "train", "first", "--model", "tiny"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert missing.returncode == 1 and f"pip install '{wheel}[train]'" in missing.stderr
