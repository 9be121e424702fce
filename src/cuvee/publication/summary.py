"""What a run has to tell: the one dictionary that the page, the terminal and ``summary.json`` show."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import commands, names
from cuvee.arrays import I64
from cuvee.commands import Setting
from cuvee.intake.read import Source
from cuvee.publication.drops import drops
from cuvee.publication.histograms import bars, length_bins, score_bins
from cuvee.publication.measure import MEASURES, Measures
from cuvee.publication.picture import Picture, judge, skewed
from cuvee.publication.story import Story
from cuvee.result.measures import (
    BudgetCurve,
    Distributions,
    MeasureRow,
    ScoreRow,
    Series,
)
from cuvee.result.summary import Summary
from cuvee.runs import versions
from cuvee.samples.pool import Pool, Selection
from cuvee.scorers import find
from cuvee.scorers.health import Health
from cuvee.selectors import SELECTORS, needs

POOLED = ("select", "given", "distill")  # stages of rows that stood when rows were chosen


@dataclass(frozen=True)
class Facts:
    """A finished run, before it is told."""

    story: Story
    ledger: pa.Table
    counts: Mapping[str, int]
    measures: Measures
    command: str
    folder: Path

    @property
    def source(self) -> Source:
        """What was read."""
        return self.story.outcome.source

    @property
    def pool(self) -> Pool:
        """The rows that were there to choose from."""
        return self.story.outcome.pool

    @property
    def selection(self) -> Selection:
        """The rows that were chosen."""
        return self.story.outcome.selection


def summarise(facts: Facts) -> Summary:
    """Return the summary in the schema of ``reports.page``. It holds no times, so equal runs tell equal things."""
    story, k = facts.story, len(facts.selection.rows)
    asked, selector = story.asked, SELECTORS.get(story.asked.method)
    measures, distributions = _measures(facts.measures), _distributions(facts)
    picture = judge(k, measures)
    return {
        "title": f"{k:,} rows of {facts.source.total:,}",
        "command": facts.command,
        "rows": {
            "input": facts.source.total,
            "kept": facts.counts["kept"],
            "dropped": facts.counts["dropped"],
            "quarantined": facts.counts["quarantined"],
            "merged": facts.counts["merged"],
            "free": len(facts.pool) - k,
        },
        "selection": {
            "method": asked.method,
            "budget": asked.budget,
            "embedder": story.ground.embedder.name,
            "gain": selector.gain if selector else "",
            "note": _note(facts),
        },
        "sentence": picture.sentence(len(facts.pool)),
        "beside": picture.beside,
        "measures": measures,
        "distributions": distributions,
        "curve": _curve(facts.measures),
        "scores": [_health(one, facts) for one in story.health],
        "drops": drops(facts.source, facts.ledger),
        "settings": {key: value for key, value in asked.typed.items() if value not in (None, "", [])},
        "reproduce": [facts.command],
        "versions": versions(),
        "warnings": [
            *_warnings(facts),
            *_doubts(facts, picture, skewed(distributions.get("length", []))),
            *(warning for one in story.health for warning in one.warnings),
            *story.ground.notes,
            *story.notes,
            *(f"{what}: {rows:,} rows" for what, rows in facts.source.notes.items()),
        ],
    }


def _note(facts: Facts) -> str:
    if facts.story.short is not None:
        return facts.story.short
    asked = facts.story.asked.rows
    k, free = len(facts.selection.rows), len(facts.pool.free)
    if asked is not None and asked > k:
        return f"{asked:,} rows were asked for; the clean pool has {free:,}, and all were taken"
    return ""


def _warnings(facts: Facts) -> list[str]:
    found = [_note(facts)] if _note(facts) else []
    if facts.measures["sampled"]:
        found.append(f"distances are measured from a sample of {facts.measures['sample']:,} rows of the pool")
    return found


def _doubts(facts: Facts, picture: Picture, lengths: str) -> list[str]:
    """Return what speaks against the choice, and what to type instead."""
    found = [f"worse than random rows by {picture.figures()}: {instead(facts, picture)}"] if picture.worse else []
    return [*found, *([lengths] if lengths else [])]


def instead(facts: Facts, picture: Picture) -> str:
    """Return what to type for rows that stand for the pool, or how to find out whether these are better all the same."""
    asked, folder = facts.story.asked, facts.folder
    if asked.verb != "select":
        return "whether they teach more all the same, `cuvee prove` tells"
    if picture.worse == ["task entropy"] and asked.method == names.METHOD:
        other: dict[str, Setting] = {"method": "stratified", "settings": "by=task"}
    else:
        other = {"method": names.METHOD if asked.method != names.METHOD else "uniform", "settings": ""}
    out = Path(f"{folder}-{other['method']}")
    return f"for rows that stand for the pool type `{commands.command('select', {**asked.typed, **other}, out)}`"


def _health(one: Health, facts: Facts) -> ScoreRow:
    scorer = find(one.name) if "*" not in one.name else None  # a product of scores
    values = facts.pool.scores.get(one.name)
    told: ScoreRow = {
        "name": one.name,
        "nulls": one.nulls,
        "distinct": one.distinct,
        "tied": one.tied,
        "length": one.length,
        "cut": one.cut,
        "what": scorer.summary if scorer else "product of scores",
        "higher_is_better": needs.higher_is_better(one.name),
    }
    if values is not None and np.isfinite(values).any():
        told["bins"] = score_bins(values, values[facts.selection.rows])
    return told


def _measures(measured: Measures) -> list[MeasureRow]:
    rows: list[MeasureRow] = []
    for name, (what, higher) in MEASURES.items():
        values = [draw[-1].get(name) for draw in measured["randoms"]]
        known = [value for value in values if value is not None and name != "tokens"]  # more tokens are not better
        chosen = measured["selection"][-1].get(name)
        if chosen is None and measured["pool"].get(name) is None:
            continue
        rows.append(
            {
                "name": name,
                "what": what,
                "unit": "higher is better" if higher else "lower is better",
                "higher_is_better": higher,
                "pool": measured["pool"].get(name),
                "selection": chosen,
                "random_mean": float(np.mean(known)) if known else None,
                "random_low": min(known) if known else None,
                "random_high": max(known) if known else None,
            }
        )
    return rows


def _curve(measured: Measures) -> BudgetCurve:
    def over(name: str) -> Series:
        draws = np.array([[point.get(name) for point in draw] for draw in measured["randoms"]], dtype=np.float64)
        columns: Series = {"selection": [point.get(name) for point in measured["selection"]]}
        if len(draws):
            columns["random_mean"] = draws.mean(axis=0).tolist()
            columns["random_low"] = draws.min(axis=0).tolist()
            columns["random_high"] = draws.max(axis=0).tolist()
        return columns

    drawn = [name for name in MEASURES if name in measured["selection"][0]]
    return {"x label": "rows chosen", "budgets": measured["budgets"], "measures": {name: over(name) for name in drawn}}


def _distributions(facts: Facts) -> Distributions:
    chosen = facts.selection.rows
    found: Distributions = {}
    if len(facts.pool.labels("task")[1]) > 1:
        found["task"] = bars(*facts.pool.labels("task"), chosen)
    if len(facts.pool.labels("source")[1]) > 1:
        found["source"] = bars(*facts.pool.labels("source"), chosen)
    lengths = facts.ledger["tokens"].to_numpy()[_rows(facts)]
    found["length"] = length_bins(lengths, lengths[chosen])
    return found


def _rows(facts: Facts) -> I64:
    """Return the ledger rows of the pool's rows, in the pool's order."""
    stages = facts.ledger["stage"].to_pylist()
    return np.array([row for row, stage in enumerate(stages) if stage in POOLED], dtype=np.int64)
