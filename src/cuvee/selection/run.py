"""The main job: read, clean, embed, score, choose, publish, in that order, each step made only where it is missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from cuvee import commands, names
from cuvee.arrays import F32
from cuvee.intake import judge as judging
from cuvee.intake.before import Before, affordable, all_of, labelled, with_margins
from cuvee.intake.ground import Ground, prepare
from cuvee.intake.plan import expect
from cuvee.intake.score import cut_shares, score
from cuvee.models import causal
from cuvee.models.speed import ModelWork
from cuvee.publication.finish import finish
from cuvee.publication.ledger import Outcome
from cuvee.publication.story import Asked, Extra, Story, Tell, as_it_is
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run
from cuvee.samples.pool import Pool
from cuvee.scorers import SCORERS, health
from cuvee.scorers.health import Health
from cuvee.scorers.length import length
from cuvee.selection import quota
from cuvee.selection.asked import SelectAsk, SelectOptions, bind
from cuvee.selection.choose import choose
from cuvee.selection.drawn import drawn, write_mixture
from cuvee.selectors import needs, settings_of


def run_select(options: SelectOptions, *, out: Path, dry_run: bool, replace: bool, tell: Tell = as_it_is) -> Result:
    """Do what ``cuvee.verbs.select`` says.

    tell: (summary, ledger) -> summary, for a pool of which more is known, such as what was planted in it.
    """
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("select", ask.typed, replace)) as run:
        return _select(run, ask, tell)


def _select(run: Run, ask: SelectAsk, tell: Tell) -> Result:
    ground = prepare(run, ask.pool, _before(ask))
    scored = _score(run, ask, ground)
    depends = [ground.fingerprint, scored.fingerprint]
    chosen, selection = choose(run, scored.pool, ask.request, ground.tokens, depends)
    outcome = Outcome(ground.source, ground.table, ground.alive, scored.pool, selection)
    notes, extras = _mixture(run, ask, outcome)
    story = Story(
        asked=_asked(ask, len(scored.pool)),
        ground=ground,
        outcome=outcome,
        depends=[ground.fingerprint, chosen.fingerprint],
        next=_next,
        given=ask.pool.given,
        health=scored.health,
        notes=[*scored.notes, *notes],
        short=_short(ask, outcome),
        extras=extras,
        manifest={"judge": scored.used} if scored.used else None,
        tell=tell,
    )
    return finish(run, story)


def _mixture(run: Run, ask: SelectAsk, outcome: Outcome) -> tuple[list[str], list[Extra]]:
    """Return what was drawn of each quota, as lines and as files; nothing where there are no quotas."""
    quotas = quota.parse(ask.request.quota)
    if not quotas or not len(outcome.selection.rows):
        return [], []
    parts = quota.parts(outcome.pool.table, quotas)
    told = drawn(outcome, quotas, parts)
    how, _ = ask.publishing.of(outcome.source.table, outcome.chosen)
    extra = write_mixture(run, outcome, told, parts, {"format": how.format, "file": how.file})
    return [one.note() for one in told], [extra]


def _short(ask: SelectAsk, outcome: Outcome) -> str | None:
    """Return why quotas leave fewer rows than were asked for, None where that is not so."""
    budget, k, free = ask.request.budget, len(outcome.selection.rows), len(outcome.pool.free)
    if not ask.request.quota or budget.kind == "tokens" or k >= min(wanted := budget.rows(len(outcome.pool)), free):
        return None
    return (
        f"{wanted:,} rows were asked for; more than {k:,} would break a quota, since the pool has no more of the rest"
    )


def _before(ask: SelectAsk) -> Before:
    """Return what can be found wrong with the pool before the work."""
    checks: list[Callable[[pa.Table], None]] = [ask.publishing.holds]
    quotas = quota.parse(ask.request.quota)
    if quotas:
        checks.append(lambda table: check_quotas(table, quotas))
    if "margin" in ask.scores:
        checks.append(with_margins)
    if ask.request.method == "stratified":
        checks.append(labelled(str(ask.request.settings.get("by", "task"))))
    return Before(all_of(*checks), affordable(ask.request.budget))


def check_quotas(table: pa.Table, quotas: Sequence[quota.Quota]) -> None:
    """Raise ConfigError for a quota that is about no row of the pool."""
    quota.parts(table, quotas)


def _asked(ask: SelectAsk, n: int) -> Asked:
    budget = ask.request.budget
    return Asked(
        verb="select",
        typed=ask.typed,
        publishing=ask.publishing,
        seed=ask.pool.seed,
        method=ask.request.method,
        budget=str(ask.typed["budget"]),
        rows=None if budget.kind == "tokens" else budget.rows(n),
    )


@dataclass(frozen=True)
class Scored:
    """A pool with its scores, how healthy they are, and what a judge used (None where none was asked)."""

    pool: Pool
    fingerprint: str
    health: list[Health]
    notes: list[str]
    used: Mapping[str, object] | None


def _score(run: Run, ask: SelectAsk, ground: Ground) -> Scored:
    with judging.opened(ask.judge) as judge:
        if judge and ask.judge:
            judging.announce(judge, ground.pool, ask.scores, ask.judge)
        pool, step = score(run, ground, ask.scores, ask.score_model, judge)
    counts = judge.counts if judge else {}
    cut = {**cut_shares(step), **{name: told.cut / max(told.asked, 1) for name, told in counts.items()}}
    shown = {**pool.scores, **_products(pool, ask)}
    lengths = length(pool) if shown else ()
    notes = [note for name, told in counts.items() for note in told.notes(name)]
    used = judging.used(judge, ask.judge) if judge and ask.judge else None
    return Scored(pool, step.fingerprint, health.table(shown, lengths, cut=cut), notes, used)


def _products(pool: Pool, ask: SelectAsk) -> dict[str, F32]:
    """Return the product of scores that the method goes by, where it is one: no factor need be what the product is."""
    request = ask.request
    score = {**settings_of(request.method), **request.settings}.get("score")
    return {score: needs.score(pool, score)} if isinstance(score, str) and len(needs.factors(score)) > 1 else {}


def _next(folder: Path, ledger: pa.Table) -> str:
    dropped = ledger.filter(pa.compute.equal(ledger["stage"], "duplicates"))
    name = dropped["id"][0].as_py() if dropped.num_rows else ledger["id"][0].as_py()
    return commands.line("cuvee", "why", folder, name)


def _plan(ask: SelectAsk, out: Path) -> Result:
    expected = expect(ask.pool)
    steps = ["read", "clean", f"embed by {expected.embedder}"]
    more: dict[str, object] = {}
    if ask.judge:
        more["judge"] = judging.plan(ask.judge, ask.scores, expected.rows, expected.size)
        kinds = ", ".join(judging.kinds(ask.scores))
        steps.append(f"ask {ask.judge.server.model} at {ask.judge.server.url} for {kinds}")
    steps += [
        f"select {ask.typed['budget']} by {ask.request.method}",
        f"measure beside {ask.publishing.draws} random selections",
        "map",
        f"publish to {out}",
    ]
    readers = [name for name in ask.scores if names.find(SCORERS, name, "score").needs_model]
    seconds = expected.seconds
    if readers:
        base = causal.folder_of(ask.score_model.model or causal.DEFAULT)
        work = ModelWork(read=len(readers) * expected.tokens)
        seconds += work.seconds(base)
        more["tokens"] = work.tokens
        steps.insert(3, f"read about {expected.rows:,} rows with {base.name} for {', '.join(readers)}")
    return expected.result(out, steps, seconds=seconds, **more)
