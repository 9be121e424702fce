"""Clean: which rows fall before anything is chosen, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from cuvee import render
from cuvee.arrays import I64, Bool
from cuvee.cleaners import contamination, duplicates
from cuvee.cleaners.flags import flags as answer_flags
from cuvee.cleaners.siblings import unlike_siblings
from cuvee.cleaners.tokens import Tokens, tokens
from cuvee.intake.read import Source
from cuvee.progress import Advance, bar, say
from cuvee.runs import Run, Step, digest

BATCH = 8_192
PASSES = 4  # over all rows: answers and words, what repeats to the byte, digests, comparisons


@dataclass(frozen=True)
class Rules:
    """What cleaning looks for. near: Jaccard of word 3-grams from which a row repeats another, 0 = not looked for."""

    near: float
    contamination: float
    keep_empty: bool
    drop_truncated: bool


@dataclass
class Verdicts:
    """Which rows have fallen so far, and why; filled rule by rule, so that a row keeps its first reason."""

    stage: list[str | None]
    reason: list[str | None]
    related: list[str | None]  # the id of the row it repeats, or the text of the evaluation item it holds

    @classmethod
    def none_yet(cls, n: int) -> "Verdicts":
        """Return n rows that all stand."""
        return cls([None] * n, [None] * n, [None] * n)

    @property
    def standing(self) -> I64:
        """Row numbers that have not fallen, ascending."""
        return np.array([row for row, stage in enumerate(self.stage) if stage is None], dtype=np.int64)

    def drop(self, row: int, stage: str, reason: str, related: str | None = None) -> None:
        """Let a row fall."""
        self.stage[row], self.reason[row], self.related[row] = stage, reason, related


def clean(
    run: Run, source: Source, rules: Rules, evaluation: Sequence[tuple[str, str]], tokenizer: str | None = None
) -> tuple[Step, pa.Table]:
    """Return the step and its table, one row per sample: stage, reason, related (null while it stands), flags, tokens.

    evaluation: (file, text) of every evaluation item that no training row may hold. tokenizer: path of a tokenizer.json.
    Order: answers, contamination, exact duplicates, near duplicates; so what a duplicate repeats is itself clean.
    """
    depends = {
        "read": source.fingerprint,
        "rules": rules.__dict__,
        "evaluation": digest([text for _, text in evaluation]),
        "tokenizer": tokenizer,
    }

    def make(folder: Path) -> None:
        count = render.token_counter(tokenizer)
        with bar("cleaning", PASSES * source.table.num_rows, "checks") as advance:
            verdicts = _verdicts(source.table, rules, evaluation, count, advance)
        feather.write_feather(verdicts, folder / "clean.arrow", compression="uncompressed")

    step = run.step("clean", depends, make)
    table = feather.read_table(step.path / "clean.arrow", memory_map=True)
    fallen = table.num_rows - table["stage"].null_count
    if not step.reused:
        say(f"cleaned   {fallen:,} of {table.num_rows:,} rows fall in {step.seconds:.1f} s")
    return step, table


def _verdicts(
    table: pa.Table, rules: Rules, evaluation: Sequence[tuple[str, str]], count: render.Counter, advance: Advance
) -> pa.Table:
    verdicts = Verdicts.none_yet(table.num_rows)
    found, answers = _answers(table, rules, verdicts, advance)
    texts = render.plain_column(table["messages"])
    lengths = count(texts)
    words = tokens(texts)
    del texts
    if evaluation:
        _contaminated(words, rules, [text for _, text in evaluation], verdicts)
    ids = table["id"]
    _exact(table, ids, verdicts)
    advance(table.num_rows)
    if rules.near:
        fell: Bool = np.array([stage is not None for stage in verdicts.stage], dtype=bool)
        said = tokens(answers)
        alike = duplicates.near(words, threshold=rules.near, skip=fell, answers=said, advance=advance)
        _near(alike, ids, verdicts)
    return pa.table(
        {
            "stage": pa.array(verdicts.stage, pa.string()),
            "reason": pa.array(verdicts.reason, pa.string()),
            "related": pa.array(verdicts.related, pa.string()),
            "flags": pa.array(found, pa.list_(pa.string())),
            "tokens": pa.array(lengths, pa.int64()),
        }
    )


def _answers(table: pa.Table, rules: Rules, verdicts: Verdicts, advance: Advance) -> tuple[list[list[str]], list[str]]:
    """Flag empty and truncated answers, and let them fall where the rules say so; return flags and answers."""
    found: list[list[str]] = []
    answers: list[str] = []
    for batch in table.select(["messages"]).to_batches(max_chunksize=BATCH):
        rows = batch.column(0).to_pylist()
        said = [_answer(turns) for turns in rows]
        found += answer_flags([render.prompt(turns) for turns in rows], said)
        answers += said
        advance(len(rows))
    for cut in np.flatnonzero(unlike_siblings(answers, table["task"].to_pylist())):
        found[cut] = sorted({*found[cut], "truncated-answer"})
    for row, names in enumerate(found):
        if "empty-answer" in names and not rules.keep_empty:
            verdicts.drop(row, "answers", "empty answer")
        elif "truncated-answer" in names and rules.drop_truncated:
            verdicts.drop(row, "answers", "truncated answer")
    return found, answers


def _answer(turns: render.Messages) -> str:
    """Return the answer as the flags read it: a turn that only calls tools does say something."""
    text = render.response(turns)
    calls = any(turn["role"] == "assistant" and turn["extra"] for turn in turns)
    return text or ("(tool call)." if calls else "")


def _contaminated(words: Tokens, rules: Rules, items: list[str], verdicts: Verdicts) -> None:
    result = contamination.contamination(words, items, threshold=rules.contamination)
    for row in np.flatnonzero(result.item >= 0):
        if verdicts.stage[row] is None:
            reason = f"holds {result.share[row]:.0%} of an evaluation item"
            verdicts.drop(int(row), "contamination", reason, items[result.item[row]][:300])


def _exact(table: pa.Table, ids: pa.ChunkedArray, verdicts: Verdicts) -> None:
    standing = verdicts.standing
    prints = table["fingerprint"].take(pa.array(standing)).combine_chunks()
    keeper = duplicates.exact(prints.to_pylist())
    for at in np.flatnonzero(keeper >= 0):
        first = ids[int(standing[keeper[at]])].as_py()
        verdicts.drop(int(standing[at]), "duplicates", "exact duplicate", first)


def _near(found: duplicates.Near, ids: pa.ChunkedArray, verdicts: Verdicts) -> None:
    for row in np.flatnonzero(found.keeper >= 0):
        reason = f"near duplicate: {found.similarity[row]:.2f} of its word 3-grams shared, and the answer"
        verdicts.drop(int(row), "duplicates", reason, ids[int(found.keeper[row])].as_py())
