"""Real rows for the cleaners, read plainly."""

import gzip
import json
from pathlib import Path

import pytest

Rows = list[tuple[str, str]]  # prompt, answer


def _pair(row: dict[str, str]) -> tuple[str, str]:
    if "prompt" in row:
        return row["prompt"], row["completion"].replace("<|endoftext|>", "")
    if "question" in row:
        return row["question"], row["answer"]
    asked = "\n".join(filter(None, (row["instruction"], row.get("input"))))
    return asked, row.get("response") or row.get("output") or ""


@pytest.fixture(scope="session")
def rows_of(real_pool: Path) -> dict[str, Rows]:
    """Return the rows of four files of the real pool, by the file's stem."""
    rows: dict[str, Rows] = {}
    for name in ("alpaca_random_9k.json", "gpteacher_toolformer.json"):
        rows[name.split(".")[0]] = [_pair(row) for row in json.loads((real_pool / name).read_bytes())]
    for name in ("gsm8k_train.jsonl", "t0_50k.jsonl.gz"):
        raw = (real_pool / name).read_bytes()
        text = (gzip.decompress(raw) if name.endswith("gz") else raw).decode()
        rows[name.split(".")[0]] = [_pair(json.loads(line)) for line in text.splitlines()[:10_000]]
    return rows
