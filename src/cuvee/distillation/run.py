"""Distil: rate, split, cluster the weak rows, let the distiller write one row per cluster, rate again, rank, merge, publish."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import render
from cuvee.arrays import I64
from cuvee.distillation import distill as distil
from cuvee.distillation import merge as merging
from cuvee.distillation import published as distilled
from cuvee.distillation import rate as rating
from cuvee.distillation.asked import DistillAsk, bind
from cuvee.distillation.distill import New
from cuvee.distillation.merge import Distilled
from cuvee.distillation.rate import Ratings
from cuvee.distiller.kinds import Turns
from cuvee.distiller.writing import write as reply_to
from cuvee.evaluation.journal import Journal
from cuvee.geometry.bounded import bounded_clusters
from cuvee.intake import judge as judging
from cuvee.intake import plan as plans
from cuvee.intake.ground import Ground, prepare
from cuvee.models import causal, generation
from cuvee.models.generation import Written
from cuvee.progress import say
from cuvee.result import Result
from cuvee.rng import stream
from cuvee.runs import Run, Step, digest, open_run, write_json


def run_distill(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.distill.distill`` says."""
    wanted = bind(typed)
    if dry_run:
        return plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        return _distill(run, wanted)


def _distill(run: Run, wanted: DistillAsk) -> Result:
    ground = prepare(run, wanted.ground)
    turns = rating.turns_of(ground.pool)
    with judging.opened(wanted.how.judge) as judge:
        if judge and wanted.how.judge:
            judging.announce(judge, ground.pool, [rating.OVERALL], wanted.how.judge)
        rated = rating.rate(run, ground, wanted.how, judge, turns)
        rated = rating.put_right(ground, rated) if wanted.how.correct else rated
        weak, good, unrated = rating.weak(rated.values, wanted.typed["good"])
        counts = f"{len(weak):,} rows below {wanted.typed['good']:g}, {len(good):,} from it on"
        say(f"split     {counts}, {len(unrated):,} without a rating")
        clusters = _clustered(run, wanted, ground, rated, weak)
        made, step = _written(run, wanted, ground, turns, clusters)
        made = _rated_again(wanted, rated, judge, made)
        used = judging.used(judge, wanted.how.judge) if judge and wanted.how.judge else None
    done = Distilled(
        wanted, ground, rated.values, weak, good, unrated, made, _never_asked(weak, made), rated.notes, used
    )
    return distilled.finish(run, done, digest([step.fingerprint, rated.fingerprint, [one.rating for one in made]]))


def _clustered(run: Run, wanted: DistillAsk, ground: Ground, rated: Ratings, weak: I64) -> list[I64]:
    """Return the pool rows of each cluster of weak rows; none where the weak rows are fewer than a cluster."""
    typed = wanted.typed
    bounds = {name: typed[name] for name in ("smallest", "largest", "mean", "seed")}

    def make(folder: Path) -> None:
        X = np.asarray(ground.pool.vectors[weak])
        mean = float(typed["mean"]) or None
        labels = bounded_clusters(X, typed["smallest"], typed["largest"], mean=mean, seed=typed["seed"])
        np.save(folder / "labels.npy", labels)

    if len(weak) < typed["smallest"]:
        return []
    step = run.step("cluster", {"ground": ground.fingerprint, "weak": digest(weak), "bounds": bounds}, make)
    clusters = [weak[places] for places in distil.members(np.load(step.path / "labels.npy"))]
    if not step.reused:
        say(f"clustered {len(weak):,} weak rows into {len(clusters):,} clusters in {step.seconds:.1f} s")
    if typed["at_most"] and len(clusters) > typed["at_most"]:
        drawn = stream(typed["seed"], "distil", "clusters").choice(len(clusters), typed["at_most"], replace=False)
        clusters = [clusters[at] for at in np.sort(drawn)]
    return clusters


def _written(
    run: Run, wanted: DistillAsk, ground: Ground, turns: list[Turns | None], clusters: list[I64]
) -> tuple[list[New], Step]:
    """Let the distiller write one reply per cluster, greedily; a cluster whose prompt does not fit is left out."""

    def make(folder: Path) -> None:
        tokenizer = causal.tokenizer_of(wanted.base)
        model = causal.load(wanted.base)
        room = generation.room(model, wanted.sampling)
        count = lambda talk: len(render.encode_prompt(talk, tokenizer))  # noqa: E731
        talks = [distil.talk([pair for at in rows if (pair := turns[at])], count, room) for rows in clusters]
        fitting = [at for at, talk in enumerate(talks) if talk]
        replies = reply_to(
            model, [talk for talk in talks if talk], wanted.sampling, Journal(folder / "journal.jsonl")
        ).replies
        said: list[Any] = [None] * len(talks)
        for at, reply in zip(fitting, replies, strict=True):
            said[at] = vars(reply)
        write_json(folder / "replies.json", said)
        (folder / "journal.jsonl").unlink(missing_ok=True)

    depends = {
        "ground": ground.fingerprint, "clusters": digest([rows.tolist() for rows in clusters]),
        "model": causal.version_of(wanted.base), "sampling": vars(wanted.sampling),
    }  # fmt: skip
    step = run.step("distil", depends, make, resumable=True)
    said = orjson.loads((step.path / "replies.json").read_bytes())
    made = [
        distil.read(number, rows, Written(**reply)) if reply else New(number, rows, "", merging.NO_ROOM)
        for number, (rows, reply) in enumerate(zip(clusters, said, strict=True))
    ]
    if not step.reused:
        read = sum(one.row is not None and not one.why for one in made)
        say(f"distilled {len(made):,} clusters: {read:,} replies make a row, in {step.seconds:.1f} s")
    return made, step


def _rated_again(wanted: DistillAsk, rated: Ratings, judge: Any, made: list[New]) -> list[New]:
    """Return what became of every cluster once the new rows are rated."""
    rows = [one.row for one in made if one.row is not None and not one.why]
    values = iter(rating.again(rated, judge, rows))
    found = []
    for one in made:
        if one.why or one.row is None:
            found.append(one)
            continue
        value = next(values)
        why = merging.NO_RATING if value is None else merging.WEAK if value < wanted.typed["good"] else ""
        found.append(replace(one, rating=value, why=why))
    return found


def _never_asked(weak: I64, made: list[New]) -> I64:
    """Return the weak rows that stand in no cluster that was distilled."""
    asked: I64 = np.concatenate([np.empty(0, dtype=np.int64), *(one.rows for one in made)])
    return np.setdiff1d(weak, asked)


def plan(wanted: DistillAsk, out: Path) -> Result:
    """Say what would be done, and how much would be written."""
    planned = plans.plan(wanted.ground, out)
    told = planned.summary["plan"]
    typed = wanted.typed
    size = typed["mean"] or min(typed["smallest"] + 1, (typed["smallest"] + typed["largest"]) / 2)
    most = min(typed["at_most"] or told["rows"], round(told["rows"] / size))
    told["steps"] = [
        "read", "clean", "embed", f"rate by {wanted.how.way}", f"split at {typed['good']:g}",
        f"cluster the weak rows, {typed['smallest']} to {typed['largest']} in each",
        f"write at most {most:,} rows of at most {wanted.sampling.max_new_tokens:,} tokens with {typed['model']}",
        "rate the new rows, rank them by rarity, merge them with the best original rows", f"publish to {out}",
    ]  # fmt: skip
    told.pop("seconds", None)
    return planned
