"""Two models' answers to the same questions before a judge: RS and WTR (DiverseEvol, arXiv 2311.08182)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cuvee.errors import InputError
from cuvee.evaluation.question import Question
from cuvee.render import plain

# questions, our answers, their answers -> (n,) rows with ``left`` and ``right``: scores, higher is better, null where the
# judge's reply could not be read. Both orders are the judge's business.
Compare = Callable[[Sequence[str], Sequence[str], Sequence[str]], pa.Table]


def paired(
    questions: Sequence[Question], ours: pa.Table, other: Path
) -> tuple[list[int], list[str], list[str], list[str]]:
    """Return row numbers, questions, our answers and the other's, of the open questions that both have answered.

    other: the run folder of another evaluation, or its table. Raises InputError where they have none in common.
    """
    path = other / "questions.parquet" if other.is_dir() else other
    if not path.is_file():
        raise InputError(f"{other} holds no questions.parquet", "name the run folder of another `cuvee evaluate`")
    columns = ["task", "prompt", "kind", "answer"]
    theirs = {
        (row["task"], row["prompt"]): row["answer"]
        for row in pq.read_table(path, columns=columns).to_pylist()
        if row["kind"] == "open" and row["answer"] is not None
    }
    answers = ours["answer"].to_pylist()
    rows = [
        at
        for at, one in enumerate(questions)
        if one.kind == "open" and answers[at] is not None and (one.task, one.prompt) in theirs
    ]
    if not rows:
        raise InputError(f"{other} answers none of these questions", "evaluate both models on the same question sets")
    asked = [plain(questions[row].messages) for row in rows]
    return rows, asked, [answers[row] for row in rows], [theirs[questions[row].task, questions[row].prompt] for row in rows]


def judged(
    questions: Sequence[Question], ours: pa.Table, other: Path, compare: Compare
) -> tuple[pa.Table, dict[str, Any]]:
    """Return one row per compared question (row, left, right) and the summary: n, unread, rs, wtr.

    rs: the sum of our scores over the sum of theirs. wtr: the share of questions won or tied. Null scores count in neither.
    """
    rows, asked, left, right = paired(questions, ours, other)
    table = compare(asked, left, right).append_column("row", pa.array(rows, pa.int64()))
    return table, summary(table)


def summary(table: pa.Table) -> dict[str, Any]:
    """Return n, unread, rs and wtr of a table of comparisons; rs and wtr are None where nothing could be read."""
    pairs = [
        (left, right)
        for left, right in zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True)
        if left is not None and right is not None
    ]
    theirs = sum(right for _, right in pairs)
    return {
        "n": len(pairs),
        "unread": table.num_rows - len(pairs),
        "rs": sum(left for left, _ in pairs) / theirs if theirs else None,
        "wtr": sum(left >= right for left, right in pairs) / len(pairs) if pairs else None,
    }
