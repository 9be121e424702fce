"""The demo: a sample pool with known faults, the main job on it, and a count of what was found of what was planted."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypedDict

import orjson
import pyarrow as pa

from cuvee import commands, names
from cuvee.demonstration.shown import METHODS, Shown
from cuvee.errors import MissingExtraError
from cuvee.intake.asked import CleanOptions, PoolOptions
from cuvee.intake.judge import JudgeOptions
from cuvee.intake.plan import CLEANED
from cuvee.intake.sources import ReadOptions
from cuvee.models.needs import need
from cuvee.planting.files import WrittenFiles, write
from cuvee.progress import say
from cuvee.publication.asked import Publishing
from cuvee.result import Result, Summary
from cuvee.result.measures import PlantedRow
from cuvee.result.summary import MethodRow
from cuvee.selection.asked import SelectOptions
from cuvee.selection.run import run_select

METHOD_SECONDS = 15  # that a method at toy size takes, about


class TruthRow(TypedDict):
    """What was planted in a row of the sample pool. original: the row it repeats, question: the one it leaks."""

    id: str
    fault: str | None
    original: str
    question: str | None


class FallenRow(TypedDict):
    """What became of a row, as in the ledger."""

    id: str
    status: str
    stage: str
    reason: str
    related: str | None


def run_demo(verbs: Shown, *, rows: int, budget: str | float, seed: int, out: Path) -> Result:
    """Do what ``cuvee.verbs.demo`` says."""
    out = Path(out)
    written = write(out, rows, seed=seed)
    say(f"wrote     a sample pool of {written.rows:,} rows and {written.broken} broken lines to {written.pool}")
    options, tell = _options(written, budget, seed), partial(_counted, written)
    result = run_select(options, out=out / "run", dry_run=False, replace=True, tell=tell)
    next_command = commands.line("cuvee", "select", written.pool, "--budget", "5%", "--out", out / "second")
    result.summary["methods"] = list(_shown(verbs, written.pool, out))
    return Result(result.folder, result.summary, result.files, next=next_command)


def plan(*, rows: int, budget: str | float, out: Path) -> Result:
    """Say what the demonstration would do, and about how long it takes."""
    names_of = ", ".join(METHODS)
    steps = [
        f"write a sample pool of {rows:,} rows to {out / 'pool'}",
        f"select {budget} of them by {names.METHOD}",
        f"show each method at toy size, where torch is installed: {names_of}",
    ]
    seconds = round(rows / CLEANED + METHOD_SECONDS * len(METHODS))
    return Result(Path(out), {"plan": {"files": [], "steps": steps, "rows": rows, "seconds": seconds, "notes": []}})


def _options(written: WrittenFiles, budget: str | float, seed: int) -> SelectOptions:
    """Return the main job on the sample pool, with the verb's defaults for all else."""
    read = ReadOptions(data=[str(written.pool)], columns="", dialect=None, strict=False)
    clean = CleanOptions(
        near=0.8,
        near_vectors="off",
        decontaminate=[str(written.questions)],
        contamination=0.65,
        drop_truncated=True,
    )
    return SelectOptions(
        pool=PoolOptions(read=read, clean=clean, embedder="lexical", seed=seed),
        publishing=Publishing(format="messages", file="jsonl", draws=5),
        judge=JudgeOptions(base_url="", judge_model="", judge_settings="", max_tokens_spent=None),
        budget=budget,
        method=names.METHOD,
        settings="",
        space="",
        quota="",
        scores="length,lexical-richness",
        model=None,
        max_length=0,
    )


def _counted(written: WrittenFiles, summary: Summary, ledger: pa.Table) -> Summary:
    """Add to a summary what was found of what was planted."""
    return {**summary, "found": found(written, ledger)}


def _shown(verbs: Shown, pool: Path, out: Path) -> Iterator[MethodRow]:
    """Run every method at toy size, where a model can be trained; yield name, line, seconds."""
    try:
        need("torch", "transformers", "accelerate", purpose="")
    except MissingExtraError as missing:
        yield {"method": ", ".join(METHODS), "line": f"not shown: {missing.hint}", "seconds": None}
        return
    with _one_thread():
        for name, show in METHODS.items():
            say(f"{name:<10}at toy size")
            start = time.perf_counter()
            line = show(verbs, pool, out / name)
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


def found(written: WrittenFiles, ledger: pa.Table) -> list[PlantedRow]:
    """Return per kind of fault how many were planted, how many of them fell for it, and how many rows fell wrongly."""
    truth = {row["id"]: row for row in map(orjson.loads, written.truth.read_bytes().splitlines())}
    fell = {row["id"]: row for row in ledger.select(["id", "status", "stage", "reason", "related"]).to_pylist()}
    partners = _partners(truth.values())
    kinds: list[tuple[str, str, Callable[[TruthRow], bool], Callable[[FallenRow], bool]]] = [
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
    rows: list[PlantedRow] = []
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
    broken: PlantedRow = {
        "planted": "broken line",
        "what": "quarantined",
        "planted_count": written.broken,
        "found_count": min(quarantined, written.broken),
        "false_count": max(0, quarantined - written.broken),
    }
    return [*rows, broken]


def _fault(name: str) -> Callable[[TruthRow], bool]:
    return lambda row: row["fault"] == name


def _because(stage: str, reason: str) -> Callable[[FallenRow], bool]:
    return lambda row: row["stage"] == stage and row["reason"].startswith(reason)


def _partners(truth: Iterable[TruthRow]) -> set[str]:
    """Return the ids of all rows that stand in a planted pair of duplicates, on either side."""
    pairs = [row for row in truth if row["fault"] in ("exact-duplicate", "near-duplicate")]
    return {row["id"] for row in pairs} | {row["original"] for row in pairs}
