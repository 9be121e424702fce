"""The demo: a sample pool with known faults, the main job on it, and a count of what was found of what was planted."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from cuvee.commands import defaults
from cuvee.errors import MissingExtraError
from cuvee.models.needs import need
from cuvee.planting.files import WrittenFiles, write
from cuvee.progress import say
from cuvee.result import Result
from cuvee.selection.run import run_select

Row = dict[str, Any]


Show = Callable[[Path, Path], str]  # the sample pool, a folder for the run -> a line on what was done


def run_demo(*, rows: int, budget: str, seed: int, out: Path, methods: Mapping[str, Show]) -> Result:
    """Do what ``cuvee.verbs.demo`` says."""
    out = Path(out)
    written = write(out, rows, seed=seed)
    say(f"wrote     a sample pool of {written.rows:,} rows and {written.broken} broken lines to {written.pool}")
    result = run_select(
        found=lambda ledger: found(written, ledger), out=out / "run", dry_run=False,
        **defaults("select") | {
            "data": [str(written.pool)], "budget": budget, "embedder": "lexical", "format": "messages", "seed": seed,
            "decontaminate": [str(written.questions)], "drop_truncated": True, "scores": "length,lexical-richness",
        },
    )  # fmt: skip
    next_command = f"cuvee select {written.pool} --budget 5% --method facility-location --out {out / 'second'}"
    result.summary["methods"] = list(_shown(methods, written.pool, out))
    return Result(result.folder, result.summary, result.files, next=next_command)


def _shown(methods: Mapping[str, Show], pool: Path, out: Path) -> Iterator[Row]:
    """Run every method at toy size, where a model can be trained; yield name, line, seconds."""
    try:
        need("torch", "transformers", "accelerate", purpose="")
    except MissingExtraError as missing:
        yield {"method": ", ".join(methods), "line": f"not shown: {missing.hint}", "seconds": None}
        return
    with _one_thread():
        for name, show in methods.items():
            say(f"{name:<10}at toy size")
            start = time.perf_counter()
            line = show(pool, out / name)
            yield {"method": name, "line": line, "seconds": time.perf_counter() - start}


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: for a toy model more of them only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def found(written: WrittenFiles, ledger: pa.Table) -> list[Row]:
    """Return per kind of fault how many were planted, how many of them fell for it, and how many rows fell wrongly."""
    truth = {row["id"]: row for row in map(orjson.loads, written.truth.read_bytes().splitlines())}
    fell = {row["id"]: row for row in ledger.select(["id", "status", "stage", "reason", "related"]).to_pylist()}
    partners = _partners(truth.values())
    kinds: list[tuple[str, str, Callable[[Row], bool], Callable[[Row], bool]]] = [
        ("exact-duplicate", "dropped: repeats another row", _fault("exact-duplicate"), _because("duplicates", "exact")),
        ("near-duplicate", "dropped: repeats another row", _fault("near-duplicate"), _because("duplicates", "")),
        ("empty-answer", "dropped: empty answer", _fault("empty-answer"), _because("answers", "empty")),
        (
            "truncated-answer",
            "dropped: answer looks cut off",
            _fault("truncated-answer"),
            _because("answers", "truncated"),
        ),
        (
            "leaked question",
            "dropped: contamination",
            lambda row: bool(row["question"]),
            _because("contamination", ""),
        ),
        ("wrong-answer", "not looked for: needs a language model", _fault("wrong-answer"), lambda _: False),
    ]
    rows = []
    for name, what, planted, convicted in kinds:
        guilty = {key for key, row in truth.items() if planted(row)}
        caught = {key for key, row in fell.items() if convicted(row)}
        alike = name.endswith("duplicate")  # of two rows that repeat each other either may fall
        hits = sum(1 for key in guilty if key in caught or (alike and truth[key]["original"] in caught))
        innocent = None if name == "wrong-answer" else len(caught - guilty - (partners if alike else set()))
        rows.append(
            {"planted": name, "what": what, "planted_count": len(guilty), "found_count": hits, "false_count": innocent}
        )
    quarantined = sum(row["status"] == "quarantined" for row in fell.values())
    count = {"planted_count": written.broken, "found_count": min(quarantined, written.broken)}
    return [
        *rows,
        {"planted": "broken line", "what": "quarantined", **count, "false_count": max(0, quarantined - written.broken)},
    ]


def _fault(name: str) -> Callable[[Row], bool]:
    return lambda row: row["fault"] == name


def _because(stage: str, reason: str) -> Callable[[Row], bool]:
    return lambda row: row["stage"] == stage and row["reason"].startswith(reason)


def _partners(truth: Iterable[Row]) -> set[str]:
    """Return the ids of all rows that stand in a planted pair of duplicates, on either side."""
    pairs = [row for row in truth if row["fault"] in ("exact-duplicate", "near-duplicate")]
    return {row["id"] for row in pairs} | {row["original"] for row in pairs}
