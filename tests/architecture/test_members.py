"""A toy member of every seam, used as docs/architecture.md tells a user and a contributor to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl
import pyarrow as pa
import pytest
from tests.architecture.page import PAGE, ROOT, TOYS, commands
from tests.architecture.toys import digits, first, letters, quiz, serial, shortest
from tests.asks import read_ask
from tests.manifests import check_manifest

import cuvee
from cuvee import cli
from cuvee.embedders import EMBEDDERS
from cuvee.engines import ENGINES, Engine
from cuvee.intake.read import read_inputs
from cuvee.names import METHOD
from cuvee.planting.files import write
from cuvee.proof.arms import ARMS
from cuvee.result import Result
from cuvee.runs import open_run
from cuvee.samples.dialects import DIALECTS
from cuvee.scorers import SCORERS
from cuvee.selectors import SELECTORS

GUESTS = ("shortest", "digits", "letters", "quiz", "serial")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a sample pool in ``pool`` and quiz questions in ``quiz.jsonl``."""
    folder = tmp_path_factory.mktemp("members")
    write(folder, 200, seed=1)
    rows = [{"stem": f"What is {n} + {n}?", "options": [2 * n, n], "right": 2 * n, "id": f"q{n}"} for n in range(1, 6)]
    (folder / "quiz.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return folder


@pytest.fixture(autouse=True)
def place(sample: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in that folder, with the toys where Python finds them."""
    monkeypatch.chdir(sample)
    monkeypatch.syspath_prepend(TOYS)
    yield sample
    for toy in TOYS.glob("*.py"):
        sys.modules.pop(toy.stem, None)


def run(heading: str) -> list[Path]:
    """Run the commands of a section of the page; return their run folders."""
    folders = []
    for words in commands(heading):
        cli.main(words)
        folders.append(Path(words[words.index("--out") + 1]))
        check_manifest(folders[-1])
    return folders


def kept(folder: Path) -> pl.DataFrame:
    """Return the ledger's lines of the chosen rows, best first."""
    return cuvee.report(folder).ledger().filter(pl.col("status") == "kept").sort("rank")


def selected(folder: Path) -> list[str]:
    return kept(folder)["id"].to_list()


def select(*, data: str = "pool", method: str = METHOD, settings: str = "", embedder: str = "lexical") -> Result:
    """Choose ten rows, under the names that members of the house have."""
    named = Path("runs", f"{method}-{settings}-{embedder}".replace(":", "-"))
    return cuvee.select([data], method=method, settings=settings, embedder=embedder, budget="10", draws=1, out=named)


def test_a_selector(monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = run("A selector")
    gains = kept(folder)["gain"].to_list()
    assert len(gains) == 10 and gains == sorted(gains)
    monkeypatch.setitem(SELECTORS, "shortest", shortest.MEMBER)
    known = select(method="shortest")
    assert selected(known.folder) == selected(folder)
    assert known.summary["selection"]["gain"] == shortest.MEMBER.gain


def test_a_score(monkeypatch: pytest.MonkeyPatch) -> None:
    scored, topped = run("A score")
    values = cuvee.report(scored).ledger()["score:digits:MEMBER"]
    assert values.drop_nulls().len() > 100
    best = kept(topped)["score:digits:digits"].to_list()
    assert best == sorted(best, reverse=True)  # a function says no direction: higher is better
    monkeypatch.setitem(SCORERS, "digits", digits.MEMBER)
    known, named = (select(method="top", settings=f"score={name}") for name in ("digits", "digits:MEMBER"))
    assert selected(known.folder) == selected(named.folder) != selected(topped)
    (shown,) = named.summary["scores"]
    assert shown["what"] == digits.MEMBER.summary and not shown["higher_is_better"]


def test_an_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = run("An embedder")
    monkeypatch.setitem(EMBEDDERS, "letters", letters.Letters)
    known = select(embedder="letters")
    assert selected(known.folder) == selected(folder)
    assert known.summary["selection"]["embedder"] == "letters"


def test_a_dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = run("A dialect")
    monkeypatch.setitem(DIALECTS, "quiz", quiz.MEMBER)
    told = select(data="quiz.jsonl")
    manifest = orjson.loads((told.folder / "manifest.json").read_bytes())
    assert manifest["inputs"][0]["dialects"] == {"quiz": 5}
    assert sorted(selected(told.folder)) == sorted(selected(folder)) == [f"q{n}" for n in range(1, 6)]
    rows = told.folder / "selected.jsonl"
    assert rows.read_bytes().splitlines()[0] in Path("quiz.jsonl").read_bytes().splitlines()


def test_an_arm(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    monkeypatch.setitem(ARMS, "first", first.MEMBER)
    (words,) = commands("An arm")
    cli.main([str(tiny_model) if word == "tiny" else word for word in words])
    folder = Path(words[words.index("--out") + 1])
    check_manifest(folder)
    arms = {arm["arm"]: arm for arm in orjson.loads((folder / "proof.json").read_bytes())["arms"]}
    assert set(arms) == {"first", "shortest:shortest", "random"}
    assert {arm["rows"] for arm in arms.values()} == {12}


def test_an_engine(tmp_path: Path) -> None:
    def read_by(engine: Engine, folder: Path) -> pa.Table:
        with open_run(folder) as run:
            return read_inputs(run, read_ask([Path("pool")]), engine=engine).table

    known, guest = read_by(ENGINES["local"], tmp_path / "local"), read_by(serial.MEMBER, tmp_path / "serial")
    assert guest.num_rows >= 200 and guest.equals(known)


def test_the_page_names_every_contract_suite() -> None:
    for suite in (ROOT / "tests/contracts").glob("test_*.py"):
        assert f"(../tests/contracts/{suite.name})" in PAGE.read_text()


def test_contract_suites_run_over_every_member_that_is_registered() -> None:
    """``guests`` adds the toys to the dictionaries; the suites take it from there."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    chosen = " or ".join((*GUESTS, "told_among"))
    options = ["-p", "tests.architecture.guests", "-p", "no:cacheprovider", "-p", "no:xdist", "-vv", "-k", chosen]
    command = [sys.executable, "-m", "pytest", *options, "tests/contracts"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = [line for line in done.stdout.splitlines() if "PASSED" in line]
    for guest in (*GUESTS, "told_among"):
        assert any(guest in line for line in passed), done.stdout
