"""The command line as a person meets it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.manifests import check_manifest

from cuvee import cli
from cuvee.planting.files import WrittenFiles, write

CUVEE = str(Path(sys.executable).parent / "cuvee")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=3)


@pytest.fixture(scope="module")
def run(sample: WrittenFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "run"
    call("select", str(sample.pool), "--budget", "20", "--draws", "2", "--embedder", "lexical", "--out", str(out))
    return out


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run a command in this process; return what it said on standard output and standard error."""
    capsys.readouterr()
    try:
        cli.main(arguments)
        ended: Any = 0
    except SystemExit as end:
        ended = end.code
    out, err = capsys.readouterr()
    assert ended == code, err
    return out, err


def call(*arguments: str, code: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([CUVEE, *arguments], capture_output=True, input=stdin, timeout=120)
    assert done.returncode == code, done.stderr.decode()
    return done


def test_help_names_the_verbs_and_imports_nothing_heavy() -> None:
    text = call("--help").stdout.decode()
    for verb in ("demo", "inspect", "select", "train", "why", "report", "models", "run"):
        assert verb in text
    program = "import sys, cuvee.cli; cuvee.cli.build(); print([m for m in sys.modules if m in %r])"
    heavy = ("numpy", "pyarrow", "polars", "faiss", "sklearn", "torch", "model2vec", "jinja2")
    done = subprocess.run([sys.executable, "-c", program % (heavy,)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_imports_nothing_heavy() -> None:
    """Which is why it is quick; `python bench/startup.py` has the time."""
    told = "import sys; from cuvee.cli import build; build(); print(*sys.modules)"
    modules = set(
        subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not modules & {"torch", "transformers", "numpy", "pyarrow", "scipy", "sklearn", "pydantic", "yaml", "jinja2"}


def test_select_ends_with_a_summary_paths_and_the_next_command(sample: WrittenFiles, run: Path) -> None:
    again = call(
        "select", str(sample.pool), "--budget", "20", "--draws", "2", "--embedder", "lexical", "--out", str(run)
    )
    text = again.stdout.decode()
    assert "20 rows of" in text and "selected.jsonl" in text and "report.html" in text and "next: cuvee why" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["select", "nowhere.jsonl"], "nowhere.jsonl"),
        (["select", "{pool}", "--method", "kcentre"], "did you mean 'k-center'"),
        (["select", "{pool}", "--budget", "lots"], "1000"),
        (["select", "{pool}", "--settings", "x=1"], "no setting 'x'"),
        (["why", "{pool}", "demo-1"], "ledger.parquet"),
        (["models", "fetch", "gpt"], "unknown model"),
    ],
)
def test_a_foreseen_mistake_is_a_line_and_exit_code_1(
    arguments: list[str], says: str, sample: WrittenFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "run")] if arguments[0] == "select" else []
    _, text = told(capsys, *[part.format(pool=sample.pool) for part in arguments], *out, code=1)
    assert text.startswith("cuvee: ") and says in text and "Traceback" not in text


def test_an_unknown_option_is_told() -> None:
    done = subprocess.run([CUVEE, "select", "x", "--bugdet", "3"], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(b"cuvee: ") and b"--bugdet" in done.stderr and done.stderr.count(b"\n") == 1


def test_why_tells_of_kept_dropped_and_quarantined_rows(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.parquet as pq

    ledger = pq.read_table(run / "ledger.parquet").to_pylist()
    for status in ("kept", "dropped", "quarantined"):
        row = next(row for row in ledger if row["status"] == status)
        text, _ = told(capsys, "why", str(run), row["id"])
        assert status in text
        assert row["reason"].split(":")[0][:20] in text
    repeated = next(row for row in ledger if row["stage"] == "duplicates")
    text = told(capsys, "why", str(run), repeated["id"])[0]
    assert text.index(f"repeats: {repeated['related']} (") < text.index("the row") < text.index("nearest kept row")
    where = f"{Path(repeated['file']).name}:{repeated['line']}"
    assert repeated["id"] in told(capsys, "why", str(run), where)[0]
    assert "did you mean" in told(capsys, "why", str(run), repeated["id"] + "x", code=1)[1]


def test_inspect_profiles_a_pool(sample: WrittenFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = told(capsys, "inspect", str(sample.pool), "--out", str(tmp_path / "run"))
    for word in ("dialects", "tokens", "exact duplicate", "quarantined", "next: cuvee select"):
        assert word in text
    profile = orjson.loads((tmp_path / "run/profile.json").read_bytes())
    assert profile["rows"] == sample.rows + sample.broken
    check_manifest(tmp_path / "run")


def test_standard_input(tmp_path: Path) -> None:
    rows = b"".join(orjson.dumps({"instruction": f"say {n}", "output": f"it is {n * 7}"}) + b"\n" for n in range(50))
    call(
        "select",
        "-",
        "--budget",
        "5",
        "--draws",
        "1",
        "--embedder",
        "lexical",
        "--out",
        str(tmp_path / "r"),
        stdin=rows,
    )
    assert len((tmp_path / "r/selected.jsonl").read_bytes().splitlines()) == 5


def test_a_recipe_is_checked_whole_before_it_starts(
    sample: WrittenFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("steps:\n- select: {budget: 5}\n- chose: {}\n- select: {data: [x], draws: many}\n")
    _, text = told(capsys, "run", str(recipe), code=1)
    assert "3 mistakes" in text and "needs 'data'" in text and "unknown verb 'chose'" in text and "many" in text
    recipe.write_text(f"steps:\n- select: {{data: ['{sample.pool}'], budget: '5', draws: 1, out: {tmp_path / 'r'}}}\n")
    assert "5 rows of" in told(capsys, "run", str(recipe))[0]
