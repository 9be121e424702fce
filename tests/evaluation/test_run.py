import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("torch", reason="the base install has no torch")

from tests.chat_server import ChatServer
from tests.manifests import check_manifest

import cuvee
from cuvee import cli
from cuvee.errors import ConfigError
from cuvee.models import generation

ROWS = [
    {"instruction": f"Add {n} and 1.", "output": f"It is {n + 1}.", "task": "odd" if n % 2 else "even"}
    for n in range(9)
]
SUMS = [{"question": f"{n}+1?", "answer": f"{n}+1={n + 1}\n#### {n + 1}"} for n in range(3)]
ASKED = [{"question_id": n, "text": f"Why {n}?"} for n in range(3)]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    everything: dict[str, list[dict[str, Any]]] = {"rows": ROWS, "sums": SUMS, "asked": ASKED}
    for name, rows in everything.items():
        (tmp_path / "eval").mkdir(exist_ok=True)
        (tmp_path / f"eval/{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return tmp_path / "eval"


def left_always(questions: Sequence[str], left: Sequence[str], right: Sequence[str]) -> pa.Table:
    n = len(questions)
    return pa.table({"verdict": ["win"] * n, "left": [8.0] * n, "right": [4.0] * n})


def test_the_run_folder_holds_questions_means_and_answers(tiny_model: Path, files: Path, tmp_path: Path) -> None:
    result = cuvee.evaluate(str(tiny_model), on=[str(files)], max_new_tokens=5, out=tmp_path / "run")
    told = pq.read_table(tmp_path / "run/questions.parquet").to_pylist()
    assert [row["task"] for row in told] == ["asked"] * 3 + ["even", "odd"] * 4 + ["even"] + ["sums"] * 3
    means = {(row["task"], row["measure"]): row for row in pq.read_table(tmp_path / "run/means.parquet").to_pylist()}
    assert means["even", "loss"]["n"] == 5 and means["sums", "number_match"]["n"] == 3
    assert means["(all questions)", "loss"]["n"] == 12
    answers = [orjson.loads(line) for line in (tmp_path / "run/answers.jsonl").read_bytes().splitlines()]
    assert [row["id"] for row in answers] == ["0", "1", "2", "sums:1", "sums:2", "sums:3"]
    assert answers[0]["question"] == "Why 0?"
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert manifest["verb"] == "evaluate" and len(manifest["inputs"]) == 3
    assert result.summary["evaluation"]["questions"] == 15
    check_manifest(tmp_path / "run")
    assert cuvee.report(tmp_path / "run").summary == result.summary


def test_called_again_it_loads_no_model_and_gives_the_same_bytes(
    tiny_model: Path, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"on": [str(files)], "max_new_tokens": 5}
    cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "run")
    first = (tmp_path / "run/questions.parquet").read_bytes()
    cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "other")
    assert (tmp_path / "other/questions.parquet").read_bytes() == first

    def never(*given: object, **named: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("cuvee.models.causal.load", never)
    cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "run")
    assert (tmp_path / "run/questions.parquet").read_bytes() == first


def test_killed_while_writing_it_goes_on(
    tiny_model: Path, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"on": [str(files)], "max_new_tokens": 5, "batch_tokens": 30}
    cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "whole")
    write, calls = generation.write, list[Any]()

    def once(*given: Any, **named: Any) -> Any:
        if len(calls) == 1:
            raise KeyboardInterrupt
        return noted(*given, **named)

    def noted(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return write(*given, **named)

    monkeypatch.setattr(generation, "write", once)
    with pytest.raises(KeyboardInterrupt):
        cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "run")
    assert list((tmp_path / "run/work").glob(".making-answers-*/journal.jsonl"))
    monkeypatch.setattr(generation, "write", noted)
    cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "run")
    plain = (tmp_path / "whole/questions.parquet").read_bytes()
    assert (tmp_path / "run/questions.parquet").read_bytes() == plain
    assert sum(len(given[1]) for given in calls) == 6  # no answer was written twice


def test_a_judge_compares_with_another_run(tiny_model: Path, files: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"on": [str(files)], "max_new_tokens": 5}
    cuvee.evaluate(str(tiny_model), **settings, seed=1, temperature=1.0, out=tmp_path / "first")
    judge = f"{__name__}:left_always"
    sys.modules.setdefault(__name__, sys.modules[left_always.__module__])
    result = cuvee.evaluate(
        str(tiny_model),
        **settings,
        seed=2,
        temperature=1.0,
        against=tmp_path / "first",
        judge=judge,
        out=tmp_path / "run",
    )
    against = result.summary["evaluation"]["against"]
    assert against and (against["n"], against["wtr"], against["rs"]) == (3, 1.0, 2.0)
    assert pq.read_table(tmp_path / "run/comparisons.parquet")["id"].to_pylist() == ["0", "1", "2"]


def test_a_chat_model_judges_in_both_orders_and_is_asked_once(
    tiny_model: Path, files: Path, tmp_path: Path, chat_server: ChatServer
) -> None:
    settings: dict[str, Any] = {"on": [str(files)], "max_new_tokens": 5, "temperature": 1.0}
    judge: dict[str, Any] = {"base_url": chat_server.url, "judge_model": "judge", "against": tmp_path / "first"}
    chat_server.answer = lambda body, number: "Answer A: 8\nAnswer B: 4"  # it favours what stands first
    cuvee.evaluate(str(tiny_model), **settings, seed=1, out=tmp_path / "first")
    for _ in range(2):  # the second call finds every reply in the store
        result = cuvee.evaluate(str(tiny_model), **settings, **judge, seed=2, out=tmp_path / "run")
        against = result.summary["evaluation"]["against"]
        assert against and (against["n"], against["unread"], against["wtr"], against["rs"]) == (
            3,
            0,
            1.0,
            1.0,
        )  # ties, 6 to 6
    assert len(chat_server.asked) == 6
    assert set(pq.read_table(tmp_path / "run/comparisons.parquet")["verdict"].to_pylist()) == {"tie"}
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert manifest["against"]["judge"]["server"]["model"] == "judge"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "nothing to evaluate on"),
        ({"on": ["x"], "against": Path("y")}, "one judge"),
        ({"on": ["x"], "base_url": "http://x/v1", "judge_model": "m"}, "another run"),
        ({"on": ["x"], "against": Path("y"), "base_url": "http://x/v1"}, "--judge-model"),
        ({"on": ["x"], "limit": 0}, "limit is 0"),
        ({"on": ["x"], "temperature": -1.0}, "temperature"),
        ({"on": ["x"], "loss_only": True, "run_code": True}, "loss-only"),
        ({"on": ["x"], "limit": 0, "top_p": 2.0}, "2 settings are wrong"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    settings: dict[str, object], says: str, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says):
        cuvee.evaluate(str(tiny_model), **settings, out=tmp_path / "run")  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_the_command_line_takes_many_files_and_ends_with_a_table(
    tiny_model: Path, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")  # the sentence names the model's folder, and how long that is nobody knows
    command = ["evaluate", str(tiny_model), "--on", str(files / "rows.jsonl")]
    command += [str(files / "sums.jsonl"), "--max-new-tokens", "4", "--limit", "2", "--out", str(tmp_path / "run")]
    cli.main([*command, "--dry-run"])
    assert "would read 4 answers" in capsys.readouterr().out and not (tmp_path / "run").exists()
    cli.main(command)
    told = capsys.readouterr().out
    for word in ("mean \u00b1 standard error", "number_match", "over all", "questions.parquet", "--max-new-tokens"):
        assert word in told
