"""A fifth method costs new files and at most five edits: done in a copy of the house, as docs/architecture.md says it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from tests.architecture.page import ROOT, edited, edits
from tests.manifests import check_manifest

from cuvee.planting.files import write

FIFTH = Path(__file__).with_name("fifth")
MOST = 5  # existing files that are changed by hand


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the house to which the method was added, with a sample pool in ``pool``."""
    copy = tmp_path_factory.mktemp("house")
    unbuilt = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/cuvee", copy / "src/cuvee", ignore=unbuilt)
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copy(ROOT / "README.md", copy)
    shutil.copytree(FIFTH, copy / "src/cuvee", dirs_exist_ok=True, ignore=unbuilt)
    for name, lines in edits("A method").items():
        (copy / name).write_text(edited((copy / name).read_text(), lines))
    write(copy, 200, seed=1)
    return copy


@pytest.fixture(scope="module")
def run(house: Path) -> Path:
    """Return the run folder of the new verb."""
    cuvee(house, "alternate", "pool", "--budget", "20", "--draws", "2", "--embedder", "lexical", "--out", "run")
    return house / "run"


def cuvee(house: Path, *words: str) -> str:
    return python(house, "-m", "cuvee", *words)


def python(house: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(house / "src"), "CUVEE_HOME": str(house / "home"), "COLUMNS": "200"}
    environment["PYTHONDONTWRITEBYTECODE"] = ""  # the copy is compiled once, not by every process
    done = subprocess.run(
        [sys.executable, *words], cwd=house, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_at_most_five_files_change_by_hand() -> None:
    changed = edits("A method")
    assert 1 <= len(changed) <= MOST
    for name, lines in changed.items():
        text = (ROOT / name).read_text()
        assert edited(text, lines) != text
    new = {str(path.relative_to(FIFTH)) for path in FIFTH.rglob("*.py")}
    assert not [name for name in new if (ROOT / "src/cuvee" / name).exists()], "a new file stands there already"


def test_the_command_line_lists_it(house: Path) -> None:
    assert "Take the rows of every source in turn" in cuvee(house, "--help")
    assert "--near-vectors" in cuvee(house, "alternate", "--help")


def test_python_has_it(house: Path) -> None:
    program = "import cuvee; print(cuvee.alternate(['pool'], budget='20', dry_run=True, out='plan').summary['plan'])"
    assert "in turn" in python(house, "-c", program)


def test_it_takes_every_source_in_turn(run: Path) -> None:
    summary = orjson.loads((run / "summary.json").read_bytes())
    assert summary["rows"]["kept"] == 20 and summary["selection"]["method"] == "alternate"
    taken = [bar["selection"] for bar in summary["distributions"]["source"]]
    assert max(taken) - min(taken) <= 1
    rows = summary["rows"]
    assert rows["input"] == rows["kept"] + rows["dropped"] + rows["quarantined"]


def test_its_run_folder_holds_what_its_manifest_says(run: Path) -> None:
    check_manifest(run)
    manifest = orjson.loads((run / "manifest.json").read_bytes())
    assert manifest["verb"] == "alternate" and manifest["settings"]["budget"] == "20"


def test_why_and_report_read_it(house: Path, run: Path) -> None:
    first = orjson.loads((run / "selected.jsonl").read_bytes().splitlines()[0])["id"]
    assert "the next row of its source" in cuvee(house, "why", "run", first)
    assert "20 rows" in cuvee(house, "report", "run")


def test_it_is_a_step_of_a_recipe_and_an_arm_of_a_proof(house: Path, tiny_model: Path) -> None:
    small = "budget: 12, seeds: 1, held_out: 12, epochs: 1, batch: 6, max_length: 64, embedder: lexical"
    proof = f"{{data: [pool], arms: 'alternate,random', model: {tiny_model}, {small}, out: proof}}"
    steps = ["- alternate: {data: [pool], budget: 15, draws: 1, out: cooked}", f"- prove: {proof}"]
    (house / "recipe.yaml").write_text("steps:\n" + "\n".join(f"  {step}" for step in steps))
    cuvee(house, "run", "recipe.yaml")
    assert len((house / "cooked/selected.jsonl").read_bytes().splitlines()) == 15
    arms = orjson.loads((house / "proof/proof.json").read_bytes())["arms"]
    assert {arm["arm"] for arm in arms} == {"alternate", "random"}


def test_the_rules_of_the_house_hold(house: Path) -> None:
    """Those of tests/test_house.py, but for spelling (it looks at all pages) and for what help imports; and the layers."""
    (house / "tests").mkdir()
    shutil.copy(ROOT / "tests/test_house.py", house / "tests")  # it looks at the house around itself
    options = ["-q", "-k", "not spelt and not light", "-p", "no:cacheprovider", "-p", "no:xdist"]
    python(house, "-m", "pytest", *options, "tests/test_house.py")
    lint = str(Path(sys.executable).with_name("lint-imports"))
    assert "0 broken" in python(house, lint, "--no-cache")


@pytest.mark.slow
def test_its_types_hold(house: Path) -> None:
    python(house, "-m", "mypy", "src/cuvee/alternation", "src/cuvee/verbs/alternate.py", "src/cuvee/proof/arms.py")
