"""``cuvee distill``: corpus, training and the run itself, end to end on the tiny model."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("trl", reason="the base install has no trl")

from tests.chat_server import ChatServer
from tests.distiller import easy
from tests.manifests import check_manifest

import cuvee
from cuvee.distiller import examples
from cuvee.errors import ConfigError
from cuvee.intake.readable import as_read
from cuvee.models import generation
from cuvee.models.generation import Written as Reply
from cuvee.planting.files import WrittenFiles, write
from cuvee.render import Encoded

TRAIN: dict[str, Any] = {
    "embedder": "lexical", "epochs": 18, "lr": 5e-3, "batch": 8, "max_length": 400, "max_new_tokens": 60, "held_out": "16",
    "grpo_steps": 2, "grpo_lr": 1e-5, "prompts": 1,
}  # fmt: skip
RUN: dict[str, Any] = {"embedder": "lexical", "budget": "20", "draws": 1, "max_new_tokens": 60, "near": 0.0}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 300, seed=2)


@pytest.fixture(scope="module")
def distiller(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a distiller that has learnt the easy corpus."""
    folder = tmp_path_factory.mktemp("distiller")
    return cuvee.distill_train(easy.write(folder / "corpus"), model=str(tiny_model), out=folder / "run", **TRAIN).folder


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return easy.pool(tmp_path_factory.mktemp("pool") / "pool.jsonl")


@pytest.fixture(scope="module")
def finished(distiller: Path, pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return cuvee.distill([str(pool)], model=str(distiller), out=out, **RUN).folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((folder / "summary.json").read_bytes())
    return found


def test_a_cold_start_teaches_the_form_on_clusters_it_has_not_seen(distiller: Path) -> None:
    stages = told(distiller)["stages"]
    assert stages["untrained"]["over all"]["compliant"] <= 0.1
    assert stages["cold start"]["over all"]["compliant"] >= 0.9
    assert "GRPO" in stages and len(told(distiller)["curves"]["GRPO"]) == 2
    first, last = (step["reward"] for step in told(distiller)["curves"]["GRPO"])
    assert f"drawn in training {first:.3f} in its first fifth, {last:.3f} in its last" in told(distiller)["sentence"]
    page = (distiller / "report.html").read_text()
    assert "format of qa" in page and "keep the form" in page
    assert (distiller / "model/model.safetensors").is_file() and (distiller / "library/qa.npz").is_file()


def test_a_second_training_does_nothing(distiller: Path, tiny_model: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (distiller / "work").glob("*-*")}
    cuvee.distill_train(distiller.parent / "corpus", model=str(tiny_model), out=distiller, **TRAIN)
    assert {path: path.stat().st_mtime_ns for path in (distiller / "work").glob("*-*")} == before


def check(folder: Path, rows: int) -> list[dict[str, Any]]:
    """Check that nothing vanished; return the ledger."""
    ledger: list[dict[str, Any]] = pq.read_table(folder / "ledger.parquet").to_pylist()
    counts = told(folder)["distilled"]
    new = lines(folder / "distilled.jsonl")
    assert len(ledger) == rows + len(new) and len(new) == counts["distilled rows"]
    weak = counts["weak rows"]
    assert weak == counts["weak rows distilled"] + counts["weak rows kept aside"] + counts["weak rows quarantined"]
    aside = lines(folder / "aside.jsonl")
    assert all(row["reason"] for row in aside)
    gone = Counter(row["status"] for row in ledger if row["stage"] == "distill" and not row["parents"])
    assert sum(gone.values()) == weak
    merged = [row for row in ledger if row["status"] == "merged"]
    assert {row["related"] for row in merged} <= {row["id"] for row in new}
    assert sorted(row["id"] for row in merged) == sorted(name for row in new for name in row["parents"])
    return ledger


def test_weak_rows_become_new_rows_with_parents(finished: Path) -> None:
    ledger = {row["id"]: row for row in check(finished, 90)}
    assert 55 <= told(finished)["distilled"]["weak rows"] <= 62
    new = lines(finished / "distilled.jsonl")
    assert len(new) >= 2 and all(len(row["parents"]) >= 2 and row["rating"] >= 4 for row in new)
    chosen = [row for row in new if row["kept"]]
    assert chosen and all(ledger[row["id"]]["parents"] == row["parents"] for row in new)
    assert all("distilled from" in ledger[row["id"]]["reason"] for row in chosen)
    selected = lines(finished / "selected.jsonl")
    assert len(selected) == 20 and sum(row.get("source") == "distilled" for row in selected) == len(chosen)
    originals = [row["id"] for row in selected if row.get("source") != "distilled"]
    assert all(int(name[1:]) % 3 == 0 for name in originals) and originals != sorted(
        originals, key=lambda name: int(name[1:])
    )


def test_run_folders_hold_what_their_manifests_say(finished: Path, distiller: Path) -> None:
    check_manifest(finished)
    check_manifest(distiller)
    made = {output["file"] for output in orjson.loads((distiller / "manifest.json").read_bytes())["outputs"]}
    assert {"report.html", "summary.json", "model/model.safetensors", "library/qa.npz", "library/texts.jsonl"} <= made


def test_why_shows_the_parents_of_a_new_row_and_the_child_of_a_weak_one(finished: Path) -> None:
    row = next(row for row in lines(finished / "distilled.jsonl") if row["kept"])
    shown = cuvee.why(finished, row["id"]).summary["why"]
    assert [parent["id"] for parent in shown["parents"]] == row["parents"] and all(p["text"] for p in shown["parents"])
    assert cuvee.why(finished, row["parents"][0]).summary["why"]["entry"]["related"] == row["id"]


def test_a_second_run_is_the_same_and_the_share_decides(
    finished: Path, distiller: Path, pool: Path, tmp_path: Path
) -> None:
    before = (finished / "selected.jsonl").read_bytes()
    cuvee.distill([str(pool)], model=str(distiller), out=finished, **RUN)
    assert (finished / "selected.jsonl").read_bytes() == before
    folder = cuvee.distill(
        [str(pool)], model=str(distiller), out=tmp_path / "none", **{**RUN, "share": 0.0, "at_most": 1}
    ).folder
    assert all(row.get("source") != "distilled" for row in lines(folder / "selected.jsonl"))
    assert told(folder)["distilled"]["weak rows quarantined"] > 50


class Killed(BaseException):
    """What stops a run, as a signal would."""


def test_killed_between_two_batches_it_writes_only_what_is_missing(
    distiller: Path, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_batch, asked = generation.write, 0

    def counted(*given: Any, **named: Any) -> list[Reply]:
        nonlocal asked
        asked += 1
        if asked in deadly:
            raise Killed
        return write_batch(*given, **named)

    monkeypatch.setattr(generation, "write", counted)
    monkeypatch.setitem(generation.BATCH_TOKENS, "cpu", 1_500)
    deadly: set[int] = set()
    whole = cuvee.distill([str(pool)], model=str(distiller), out=tmp_path / "whole", **RUN).folder
    batches, asked, deadly = asked, 0, {2, 4}
    assert batches >= 3
    for _ in deadly:
        with pytest.raises(Killed):
            cuvee.distill([str(pool)], model=str(distiller), out=tmp_path / "run", **RUN)
    cuvee.distill([str(pool)], model=str(distiller), out=tmp_path / "run", **RUN)
    assert asked == batches + len(deadly)
    for name in ("selected.jsonl", "distilled.jsonl", "aside.jsonl", "ledger.parquet"):
        assert (tmp_path / "run" / name).read_bytes() == (whole / name).read_bytes()


def test_an_untrained_model_writes_junk_that_is_all_kept_aside(
    tiny_model: Path, distiller: Path, sample: WrittenFiles, tmp_path: Path
) -> None:
    options = {**RUN, "max_new_tokens": 8, "library": str(distiller / "library"), "good": 2.0, "at_most": 0}
    folder = cuvee.distill([str(sample.pool)], model=str(tiny_model), out=tmp_path / "run", **options).folder
    check(folder, sample.rows + sample.broken)
    counts = told(folder)["distilled"]
    assert counts["distilled rows"] == 0 and counts["weak rows kept aside"] == counts["weak rows"] > 0
    aside = lines(folder / "aside.jsonl")
    assert sum(len(row["rows"]) for row in aside) == counts["weak rows"] and all("reply" in row for row in aside)


@pytest.mark.parametrize("correct", [False, True])
def test_the_rows_own_ratings_split_the_pool(correct: bool, distiller: Path, pool: Path, tmp_path: Path) -> None:
    options = {
        **RUN,
        "budget": "90%",
        "rating": "column",
        "rating_column": "score",
        "rating_scale": 10,
        "at_most": 2,
        "correct": correct,
    }
    folder = cuvee.distill([str(pool)], model=str(distiller), out=tmp_path / "run", **options).folder
    assert correct or told(folder)["distilled"]["weak rows"] == 59
    ledger: list[dict[str, Any]] = pq.read_table(folder / "ledger.parquet").to_pylist()
    assert [row["reason"] for row in ledger].count("no rating") == 1
    kept = [row for row in ledger if row["status"] == "kept" and not row["parents"]]
    assert kept and all(row["score:rating"] > 4.5 for row in kept)
    (short,) = [warning for warning in told(folder)["warnings"] if "were asked for" in warning]
    assert short.endswith("are good enough"), "the pool has more rows, and they are weak"


def test_a_judge_rates_old_rows_and_new_ones(
    distiller: Path, pool: Path, chat_server: ChatServer, tmp_path: Path
) -> None:
    pytest.importorskip("openai")

    def answer(body: dict[str, Any], number: int) -> str:
        good = any(sign in body["messages"][-1]["content"] for sign in ("long enough", "It is with the"))
        return "\n".join(
            f"{name}: {8 if good else 5}" for name in ("Rarity", "Complexity", "Informativeness", "Overall")
        )

    chat_server.answer = answer
    options = {**RUN, "rating": "judge", "base_url": chat_server.url, "judge_model": "m", "at_most": 8}
    folder = cuvee.distill([str(pool)], model=str(distiller), out=tmp_path / "run", **options).folder
    assert told(folder)["distilled"]["weak rows"] == 60 and told(folder)["distilled"]["distilled rows"] >= 1
    assert orjson.loads((folder / "manifest.json").read_bytes())["judge"]["usage"]["replies"] > 90


def test_a_run_is_an_arm_and_learns_nothing_from_held_out_rows(
    finished: Path, pool: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whatever the toy model wrote: a new row counts by its parents, whoever was merged with whom."""
    learnt = list[str]()
    new = {row["question"] + row["answer"]: row for row in lines(finished / "distilled.jsonl")}

    def noted(table: pa.Table, tokenizer: Any, longest: int) -> list[Encoded]:
        talks = table["messages"].to_pylist()
        learnt[:] = [new[talk[0]["content"] + talk[1]["content"]]["id"] for talk in talks]
        return as_read(table, tokenizer, longest)

    monkeypatch.setattr("cuvee.proof.earlier_arms.as_read", noted)
    result = cuvee.prove(
        [str(pool)], arms=f"{finished},random", budget="20", model=str(tiny_model), seeds=1, epochs=1, lr=1e-3, max_length=128,
        held_out="20", embedder="lexical", near=0.0, out=tmp_path / "proof",
    )  # fmt: skip
    arm = next(arm for arm in result.summary["proof"]["arms"] if arm["arm"] == str(finished))
    held = set(pq.read_table(tmp_path / "proof/results.parquet")["question"].to_pylist())
    clean = [row["id"] for row in new.values() if row["kept"] and not held & set(row["parents"])]
    assert held and learnt == clean, "no row that was made from a question, and every other one"
    originals = [row["id"] for row in lines(finished / "selected.jsonl") if row.get("source") != "distilled"]
    seen = pq.read_table(tmp_path / "proof/selections.parquet").to_pylist()
    seen_of_pool = [row["id"] for row in seen if row["arm"] == str(finished)]
    assert sorted(seen_of_pool) == sorted(set(originals) - held)
    assert arm["rows"] == len(clean) + len(seen_of_pool)


def test_an_offline_corpus_of_the_sample_pool(sample: WrittenFiles, tmp_path: Path) -> None:
    options: dict[str, Any] = {"offline": True, "embedder": "lexical", "limit": 50}
    folder = cuvee.distill_corpus([str(sample.pool)], out=tmp_path / "corpus", **options).folder
    corpus = examples.load(folder)
    assert len(corpus) == 50 and {example.kind for example in corpus} == {"qa", "mcq", "tfq", "cs", "para"}
    before = (folder / "corpus.jsonl").read_bytes()
    cuvee.distill_corpus([str(sample.pool)], out=folder, **options)
    assert (folder / "corpus.jsonl").read_bytes() == before
    check_manifest(folder)


def strong(body: dict[str, Any], number: int) -> str:
    """Answer as a strong model would: rewrite, rate, weaken."""
    asked = body["messages"][-1]["content"]
    if "[passage starts]" in asked:
        if "Iron" in asked:
            return "I would rather not."
        subject = asked.split("[passage starts]")[1].split()[0]
        return f"<think>It is about {subject}.</think><answer>Q: What of {subject}?\nA: {subject} is long and wide.</answer>"
    if "weak versions" in asked:
        return "Q: hm?\nA: long\n---\nQ: what?\nA: wide\n---\nno form"
    value = 9 if "is long and wide" in asked and "Moon" not in asked else 5
    return "\n".join(f"{name}: {value}" for name in ("Rarity", "Complexity", "Informativeness", "Overall"))


def test_a_corpus_by_a_strong_model_is_paid_for_once(chat_server: ChatServer, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    chat_server.answer = strong
    for name in ("River", "Road", "Moon", "Iron"):
        (tmp_path / f"{name}.md").write_text(f"{name} is what this text is about.\n")
    typed: dict[str, Any] = {
        "base_url": chat_server.url, "judge_model": "m", "kinds": "qa", "embedder": "lexical", "variants": "2-3", "merged": 0.0,
    }  # fmt: skip
    data = [str(tmp_path / f"{name}.md") for name in ("River", "Road", "Moon", "Iron")]
    plan = cuvee.distill_corpus(data, out=tmp_path / "run", dry_run=True, **typed)
    assert not chat_server.asked and any("rewrite: 4 questions" in line for line in plan.summary["plan"]["steps"])
    folder = cuvee.distill_corpus(data, out=tmp_path / "run", **typed).folder
    corpus = examples.load(folder)
    assert sorted(example.topics[0] for example in corpus) == ["River-0001", "Road-0001"]
    assert all(len(example.variants) == 2 for example in corpus)
    aside = Counter(row["stage"] for row in lines(folder / "aside.jsonl"))
    assert aside == {"rewrite": 1, "degrade": 2}
    assert {row.rating for row in examples.load_rated(folder)} == {5.0, 1.0}
    asked = len(chat_server.asked)
    before = (folder / "corpus.jsonl").read_bytes()
    cuvee.distill_corpus(data, out=folder, **typed)
    assert len(chat_server.asked) == asked and (folder / "corpus.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rating": "stars"}, "rating"), ({"rating": "column"}, "column"), ({"smallest": 6}, "clusters"),
        ({"share": 2}, "share"),
        ({"rating": "judge"}, "judge"), ({"budget": "2Mtok"}, "tokens"), ({"library": "nowhere"}, "library"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line(change: dict[str, Any], says: str, sample: WrittenFiles, distiller: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        cuvee.distill([str(sample.pool)], model=str(distiller), **{**RUN, **change})


def test_all_mistakes_are_told_together(sample: WrittenFiles, distiller: Path) -> None:
    with pytest.raises(ConfigError, match=r"2 settings are wrong:(?s:.*)budget(?s:.*)clusters"):
        cuvee.distill([str(sample.pool)], model=str(distiller), budget="much", smallest=6)
    with pytest.raises(ConfigError, match=r"2 settings are wrong:(?s:.*)poem(?s:.*)variants"):
        cuvee.distill_corpus([str(sample.pool)], offline=True, variants="many", kinds="poem")


def test_dry_runs_write_nothing(sample: WrittenFiles, distiller: Path, tiny_model: Path, tmp_path: Path) -> None:
    plan = cuvee.distill(
        [str(sample.pool)], model=str(distiller), out=tmp_path / "run", dry_run=True, at_most=20, **RUN
    )
    assert "at most 20 rows" in " ".join(plan.summary["plan"]["steps"])
    plan = cuvee.distill_train(
        distiller.parent / "corpus", model=str(tiny_model), out=tmp_path / "run", dry_run=True, **TRAIN
    )
    assert "cold start" in " ".join(plan.summary["plan"]["steps"])
    plan = cuvee.distill_corpus([str(sample.pool)], offline=True, out=tmp_path / "run", dry_run=True)
    assert "by rule" in " ".join(plan.summary["plan"]["steps"]) and plan.summary["plan"]["rows"] > 250
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("offline", "url"), [(True, "http://x/v1"), (False, "")])
def test_a_corpus_is_made_in_one_way(offline: bool, url: str, sample: WrittenFiles) -> None:
    with pytest.raises(ConfigError, match="strong model or by rule"):
        cuvee.distill_corpus([str(sample.pool)], offline=offline, base_url=url)
