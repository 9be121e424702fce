"""Clean: which rows fall before anything is chosen, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from cuvee import render
from cuvee.arrays import I64, U8, Bool
from cuvee.cleaners import contamination, duplicates
from cuvee.cleaners.flags import flag, flag_lists
from cuvee.cleaners.flags import flags as answer_flags
from cuvee.cleaners.near_words import near
from cuvee.cleaners.siblings import endings, unlike_siblings
from cuvee.cleaners.spilled import Spilled
from cuvee.cleaners.tokens import Words, tokens
from cuvee.intake.read import Source
from cuvee.progress import Advance, bar, say
from cuvee.runs import Run, Step, digest

BATCH = 4_096  # rows that are Python objects at one time
PART = 100_000  # rows that are looked at for items of an evaluation at one time
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
        with Spilled(folder) as words, Spilled(folder) as answers:
            texts = _Gathered(words, answers, render.token_counter(tokenizer))
            items = [text for _, text in evaluation]
            with bar("cleaning", PASSES * source.table.num_rows, "checks") as advance:
                verdicts = _verdicts(source.table, rules, items, texts, advance)
        feather.write_feather(verdicts, folder / "clean.arrow", compression="uncompressed")

    step = run.step("clean", depends, make)
    table = feather.read_table(step.path / "clean.arrow", memory_map=True)
    fallen = table.num_rows - table["stage"].null_count
    if not step.reused:
        say(f"cleaned   {fallen:,} of {table.num_rows:,} rows fall in {step.seconds:.1f} s")
    return step, table


class _Gathered:
    """What the rules need of all texts, a few bytes a row; the words themselves stand in files."""

    def __init__(self, words: Spilled, answers: Spilled, count: render.Counter) -> None:
        self.words, self.answers = words, answers
        self._count = count
        self.flags: list[U8] = [np.empty(0, dtype=np.uint8)]
        self.ends: list[U8] = [np.empty(0, dtype=np.uint8)]
        self.lengths: list[I64] = [np.empty(0, dtype=np.int64)]

    def add(self, rows: Sequence[render.Messages]) -> None:
        """Read the turns of the next rows."""
        texts, said = [render.plain(turns) for turns in rows], [_answer(turns) for turns in rows]
        self.words.add(tokens(texts))
        self.answers.add(tokens(said))
        self.lengths.append(np.array(self._count(texts), dtype=np.int64))
        self.ends.append(endings(said))
        self.flags.append(answer_flags([render.prompt(turns) for turns in rows], said))


def _verdicts(table: pa.Table, rules: Rules, items: list[str], texts: _Gathered, advance: Advance) -> pa.Table:
    verdicts = Verdicts.none_yet(table.num_rows)
    for batch in table.select(["messages"]).to_batches(max_chunksize=BATCH):
        texts.add(batch.column(0).to_pylist())
        advance(batch.num_rows)
    found = np.concatenate(texts.flags)
    found[unlike_siblings(np.concatenate(texts.ends), table["task"])] |= flag("truncated-answer")
    found[~table["stripped"].is_null().to_numpy()] |= flag("end-mark")
    _answers(found, rules, verdicts)
    words, answers = texts.words.whole(), texts.answers.whole()
    if items:
        _contaminated(words, rules, items, verdicts)
    _exact(table, verdicts)
    advance(table.num_rows)
    if rules.near:
        fell: Bool = np.array([stage is not None for stage in verdicts.stage], dtype=bool)
        alike = near(words, threshold=rules.near, skip=fell, answers=answers, advance=advance)
        _near(alike, table["id"], verdicts)
    return pa.table(
        {
            "stage": pa.array(verdicts.stage, pa.string()),
            "reason": pa.array(verdicts.reason, pa.string()),
            "related": pa.array(verdicts.related, pa.string()),
            "flags": flag_lists(found),
            "tokens": pa.array(np.concatenate(texts.lengths)),
        }
    )


def _answers(found: U8, rules: Rules, verdicts: Verdicts) -> None:
    """Let empty and truncated answers fall where the rules say so."""
    for row in np.flatnonzero(found & flag("empty-answer")) if not rules.keep_empty else ():
        verdicts.drop(int(row), "answers", "empty answer")
    for row in np.flatnonzero(found & flag("truncated-answer")) if rules.drop_truncated else ():
        if verdicts.stage[row] is None:
            verdicts.drop(int(row), "answers", "truncated answer")


def _answer(turns: render.Messages) -> str:
    """Return the answer as the flags read it: a turn that only calls tools does say something."""
    text = render.response(turns)
    calls = any(turn["role"] == "assistant" and turn["extra"] for turn in turns)
    return text or ("(tool call)." if calls else "")


def _contaminated(words: Words, rules: Rules, items: list[str], verdicts: Verdicts) -> None:
    for start in range(0, len(words), PART):
        result = contamination.contamination(words.part(start, start + PART), items, threshold=rules.contamination)
        for row in np.flatnonzero(result.item >= 0):
            if verdicts.stage[start + row] is None:
                reason = f"holds {result.share[row]:.0%} of an evaluation item"
                verdicts.drop(int(start + row), "contamination", reason, items[result.item[row]][:300])


def _exact(table: pa.Table, verdicts: Verdicts) -> None:
    standing, ids = verdicts.standing, table["id"]
    prints = np.concatenate(
        [_bytes(chunk) for chunk in table["fingerprint"].chunks] or [np.empty((0, 16), dtype=np.uint8)]
    )
    keeper = duplicates.exact(prints[standing])
    for at in np.flatnonzero(keeper >= 0):
        first = ids[int(standing[keeper[at]])].as_py()
        verdicts.drop(int(standing[at]), "duplicates", "exact duplicate", first)


def _bytes(chunk: pa.FixedSizeBinaryArray) -> U8:
    whole = np.frombuffer(chunk.buffers()[1], dtype=np.uint8).reshape(-1, 16)
    return whole[chunk.offset : chunk.offset + len(chunk)]


def _near(found: duplicates.Near, ids: pa.ChunkedArray, verdicts: Verdicts) -> None:
    for row in np.flatnonzero(found.keeper >= 0):
        reason = f"near duplicate: {found.similarity[row]:.2f} of its word 3-grams shared, and the answer"
        verdicts.drop(int(row), "duplicates", reason, ids[int(found.keeper[row])].as_py())
