"""Choose: scores that were asked for, rows that count as taken, and the selection itself."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from cuvee import rng, selectors
from cuvee.arrays import F32, I64
from cuvee.budget import Budget
from cuvee.commands import Scalar
from cuvee.progress import say
from cuvee.runs import Run, Step
from cuvee.samples.pool import Pool, Selection
from cuvee.selection import quota
from cuvee.selection.mixture import Way, mixed


@dataclass(frozen=True)
class Request:
    """What to choose: a budget, a method and its own settings.

    space: what the method sees, as ``selectors.space`` reads it. quota: as ``selection.quota`` reads it.
    """

    budget: Budget
    method: str
    settings: dict[str, Scalar]
    seed: int
    space: str = ""
    quota: str = ""


def choose(run: Run, pool: Pool, request: Request, tokens: I64, depends: object) -> tuple[Step, Selection]:
    """Return the step and the selection: exactly k rows, best first, or all free rows where k is larger."""
    depends = {"pool": depends, "request": request.__dict__ | {"budget": request.budget.__dict__}, "taken": pool.taken}

    def make(folder: Path) -> None:
        selection = _select(pool, request, tokens)
        table = pa.table(
            {
                "row": selection.rows,
                "gain": selection.gains.astype(np.float32),
                "reason": [selection.reason(pick) for pick in range(len(selection.rows))],
            }
        )
        feather.write_feather(table, folder / "selection.arrow", compression="uncompressed")

    step = run.step("select", depends, make)
    table = feather.read_table(step.path / "selection.arrow")
    gains: F32 = table["gain"].to_numpy()
    if not step.reused:
        say(f"selected  {table.num_rows:,} of {len(pool):,} rows by {request.method} in {step.seconds:.1f} s")
    return step, Selection(table["row"].to_numpy(), gains, table["reason"].to_pylist())


def _select(pool: Pool, request: Request, tokens: I64) -> Selection:
    by_tokens = request.budget.kind == "tokens"
    total = int(request.budget.amount) if by_tokens else request.budget.rows(len(pool))

    def by_method(part: Pool, sizes: I64, amount: int) -> Selection:
        generator = rng.stream(request.seed, "select", request.method)
        given, space = request.settings, request.space
        if by_tokens:
            return selectors.by_tokens(part, sizes, amount, request.method, rng=generator, space=space, **given)
        return selectors.choose(part, amount, request.method, rng=generator, space=space, **given)

    if not request.quota:
        return by_method(pool, tokens, total)
    quotas = quota.parse(request.quota)
    return mixed(pool, tokens, quotas, quota.parts(pool.table, quotas), Way(by_method, total, by_tokens))
