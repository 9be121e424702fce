"""``cuvee select`` with a judge: the ledger, the cap, resume, what is said about the scores, and where the key is not."""

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from tests.chat_server import ChatServer, error

import cuvee
from cuvee.errors import ConfigError, ServiceError
from cuvee.planting.files import WrittenFiles, write
from cuvee.result import Result

KEY = "sk-very-secret-0123456789"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> WrittenFiles:
    return write(tmp_path_factory.mktemp("sample"), 200, seed=2)


def opinion(body: dict[str, Any], number: int) -> str:
    return f"Rating: {sum(body['messages'][-1]['content'].encode()) % 6 + 1}"


def select(sample: WrittenFiles, server: ChatServer, out: Path, **more: Any) -> Result:
    options: dict[str, Any] = {
        "budget": "20", "embedder": "lexical", "draws": 2, "method": "top", "settings": "score=judge-quality",
        "base_url": server.url, "judge_model": "judge", "judge_settings": "key=MY_KEY,tries=2,timeout=5", **more,
    }  # fmt: skip
    return cuvee.select([str(sample.pool)], out=out, **options)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, chat_server: ChatServer) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    chat_server.answer = opinion


def test_rows_are_chosen_by_rating_and_a_second_run_asks_nothing(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cuvee"):
        result = select(sample, chat_server, tmp_path / "a")
    ledger = pq.read_table(tmp_path / "a/ledger.parquet").to_pandas()
    ratings = ledger["score:judge-quality"]
    assert ratings[ledger.status == "kept"].min() >= ratings[ledger.stage == "select"].quantile(0.8)
    asked = len(chat_server.asked)
    assert asked == ratings.notna().sum() and set(chat_server.keys) == {f"Bearer {KEY}"}
    assert f"{asked:,} questions, 0 of them answered" in caplog.text and "no cap on tokens" in caplog.text
    score = result.summary["scores"][0]
    assert score["name"] == "judge-quality" and score["nulls"] == 0 and score["distinct"] == 6
    assert 'id="scores"' in (tmp_path / "a/report.html").read_text()
    manifest = orjson.loads((tmp_path / "a/manifest.json").read_bytes())
    assert manifest["judge"]["usage"]["replies"] == asked and manifest["judge"]["server"]["model"] == "judge"
    again = select(sample, chat_server, tmp_path / "b", method="k-center", settings="", scores="judge-quality,length")
    assert len(chat_server.asked) == asked and len(again.summary["scores"]) == 2
    kept = (tmp_path, Path(os.environ["CUVEE_HOME"]))
    assert not [p for root in kept for p in root.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert KEY not in caplog.text


def test_the_cap_stops_the_run_and_the_next_call_goes_on(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path
) -> None:
    with pytest.raises(ServiceError, match="larger --max-tokens-spent"):
        select(sample, chat_server, tmp_path / "run", max_tokens_spent=20_000)
    done = len(chat_server.asked)
    assert done > 5 and chat_server.billed <= 20_000 and not (tmp_path / "run/selected.jsonl").exists()
    result = select(sample, chat_server, tmp_path / "run")
    assert result.summary["rows"]["kept"] == 20
    free = select(sample, chat_server, tmp_path / "other")
    assert len(set(chat_server.questions())) == len(chat_server.asked) > done
    assert free.summary["scores"] == result.summary["scores"]


def test_rows_without_a_reply_are_null_told_and_asked_about_again(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path
) -> None:
    def answer(body: dict[str, Any], number: int) -> Any:
        place = sum(body["messages"][-1]["content"].encode()) % 5
        return error(500) if place == 0 else "no idea" if place == 1 else opinion(body, number)

    chat_server.answer = answer
    first = select(sample, chat_server, tmp_path / "run")
    assert 0.2 < first.summary["scores"][0]["nulls"] < 0.7
    text = "\n".join(first.summary["warnings"])
    assert "replies hold no rating" in text and "rows got no reply" in text and "it ranks only the others" in text
    chat_server.answer = opinion
    before = len(chat_server.asked)
    second = select(sample, chat_server, tmp_path / "run")
    assert 0 < len(chat_server.asked) - before < before / 2  # what had no reply, but not what could not be read
    assert 0 < second.summary["scores"][0]["nulls"] < first.summary["scores"][0]["nulls"]


def test_a_judge_that_always_says_the_same_is_warned_of(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.answer = lambda body, number: "Rating: 5"
    result = select(sample, chat_server, tmp_path / "run")
    assert "judge-quality is the same for all rows: it cannot rank" in result.summary["warnings"]


def test_a_dry_run_says_the_cost_and_asks_nothing(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path
) -> None:
    scores = "judge-complexity,judge-mixup-overall,judge-mixup-rarity"
    result = select(
        sample,
        chat_server,
        tmp_path / "run",
        scores=scores,
        dry_run=True,
        max_tokens_spent=9,
        judge_settings="max_tokens=50",
    )
    plan = result.summary["plan"]
    assert plan["judge"]["questions"] == 3 * plan["rows"]  # quality, complexity, and both mixup scores at once
    assert plan["judge"]["tokens_out"] == 50 * plan["judge"]["questions"] and plan["judge"]["cap"] == "at most 9 tokens"
    assert not chat_server.asked and not (tmp_path / "run").exists()
    select(sample, chat_server, tmp_path / "real", scores=scores)
    asked = np.array([sum(len(t["content"]) for t in body["messages"]) // 4 for body in chat_server.asked]).sum()
    assert 0.7 * plan["judge"]["tokens_in"] < asked < 1.3 * plan["judge"]["tokens_in"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"base_url": ""}, "asks a chat model, and none is named"),
        ({"judge_model": ""}, "asks a chat model, and none is named"),
        ({"base_url": f"http://u:{KEY}@h/v1"}, "holds a user"),
        ({"judge_settings": f"key={KEY}"}, "not the key"),
        ({"judge_settings": "speed=3"}, "no setting 'speed'"),
        ({"judge_settings": "tries=0"}, "tries is 0"),
        ({"judge_settings": "timeout=soon"}, "timeout is 'soon'"),
        ({"max_tokens_spent": 0}, "max-tokens-spent is 0"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    sample: WrittenFiles, chat_server: ChatServer, tmp_path: Path, wrong: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text) as found:
        select(sample, chat_server, tmp_path / "run", **wrong)
    assert KEY not in str(found.value) and not (tmp_path / "run").exists()
