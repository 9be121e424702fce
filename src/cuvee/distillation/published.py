"""What a distillation leaves behind: the merged training set, the ledger with the parents of every new row, what is aside."""

from functools import partial
from pathlib import Path

import pyarrow as pa

from cuvee import commands
from cuvee.distillation.ledger import correct
from cuvee.distillation.merge import Distilled, Merged, merge
from cuvee.distillation.new_rows import SOURCE
from cuvee.distillation.rows import ASIDE, DISTILLED, aside_rows, distilled_rows, write
from cuvee.models import causal
from cuvee.publication.finish import finish
from cuvee.publication.story import Asked, Extra, Story
from cuvee.result import Result, Summary
from cuvee.runs import Run


def publish(run: Run, done: Distilled, depends: str) -> Result:
    """Merge, measure and publish; return what the verb returns. depends: what decides the new rows and the ratings."""
    merged = merge(done)
    key = [depends, merged.counts, merged.outcome.selection.rows.tolist()]
    story = Story(
        asked=_asked(done),
        ground=done.ground,
        outcome=merged.outcome,
        depends=key,
        next=partial(_next, merged),
        correct=partial(correct, done, merged),
        tell=partial(_tell, done, merged),
        notes=done.notes,
        short=_short(done, merged),
        extras=[_rows(run, done, merged, key)],
        manifest=_manifest(done, merged),
    )
    return finish(run, story)


def _asked(done: Distilled) -> Asked:
    ask = done.ask
    return Asked(
        verb="distill",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.pool.seed,
        method=f"distill by {ask.model}",
        budget=str(ask.typed["budget"]),
        rows=ask.budget.rows(len(done.ground.pool)),
    )


def _rows(run: Run, done: Distilled, merged: Merged, key: object) -> Extra:
    """Return every new row with its parents and reasoning, and every reply that made none, with its text and the reason."""

    def make(folder: Path) -> None:
        write(distilled_rows(merged, done.ground.source.table.num_rows), folder / DISTILLED)
        write(aside_rows(done.ground, merged.new.aside), folder / ASIDE)

    return Extra(run.step("rows", {"of": key}, make), [DISTILLED, ASIDE])


def _short(done: Distilled, merged: Merged) -> str:
    """Return a sentence where the budget was not filled, else ""."""
    k, asked = len(merged.outcome.selection.rows), done.ask.budget.rows(len(done.ground.pool))
    return f"{asked:,} rows were asked for; {k:,} are good enough" if k < asked else ""


def _tell(done: Distilled, merged: Merged, summary: Summary, ledger: pa.Table) -> Summary:
    """Add to a summary what is of a distillation: its counts, its sentence, what a rating means."""
    counts, n = merged.counts, len(done.ground.pool)
    wanted = round(done.ask.budget.rows(n) * done.ask.share)
    fewer = ["fewer distilled rows than asked for: original rows stand in their place"]
    sentence = (
        f"{counts['weak rows']:,} weak rows: {counts['weak rows distilled']:,} became {counts['distilled rows']:,} new rows, "
        f"{counts['weak rows kept aside']:,} are kept aside, {counts['weak rows quarantined']:,} were not put to the model. "
        f"The training set: {counts['distilled rows chosen']:,} distilled and {counts['original rows chosen']:,} original rows."
    )
    return {
        **summary,
        "title": f"{len(merged.outcome.selection.rows):,} rows of {n:,}",
        "sentence": sentence,
        "selection": {**summary["selection"], "gain": "rating, 0 to 5"},
        "distilled": counts,
        "warnings": [*summary["warnings"], *(fewer if counts["distilled rows chosen"] < wanted else [])],
    }


def _manifest(done: Distilled, merged: Merged) -> dict[str, object]:
    return {
        "new rows": {"source": SOURCE, "rows": len(merged.new.rows)},
        "distilled": merged.counts,
        "model": {"name": done.ask.model, "version": causal.version_of(done.ask.base)},
        **({"judge": done.used} if done.used else {}),
    }


def _next(merged: Merged, folder: Path, ledger: pa.Table) -> str:
    """Return the command that shows the parents of the first new row that is kept."""
    names = ledger["id"].to_pylist()
    parents, ranks = ledger["parents"].to_pylist(), ledger["rank"].to_pylist()
    made = (name for name, of, rank in zip(names, parents, ranks, strict=True) if of and rank)
    return commands.line("cuvee", "why", folder, next(made, names[0]))
