"""RAISE as an arm of a proof: a policy that is told the goal picks every batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from cuvee import budget as budgets
from cuvee import names
from cuvee.adaptation.asked import FINAL, GoalAsk, LearnAsk, learner
from cuvee.adaptation.reward import LOSS, Reward
from cuvee.intake.ground import rows_of
from cuvee.proof.kinds import ArmAsk, ArmSettings, Taught
from cuvee.proof.settings import share, whole
from cuvee.runs import open_run
from cuvee.training.fresh import as_trained

SETTINGS = (
    "goal",
    "episodes",
    "steps",
    "subset",
    "clusters",
    "every",
    "repeats",
    "probes",
    "random_start",
    "final",
    "goal_rows",
    "reward",
    "aux",
    "policy",
)


def taught(ask: ArmAsk) -> Taught:
    """Make the model of RAISE: as many updates of as many rows as the other arms, after its episodes."""
    from cuvee.adaptation.episodes import learnt, taken
    from cuvee.adaptation.field import prepared_from

    learn = _learn(ask)
    with open_run(ask.folder) as run:
        field = prepared_from(run, learn, ask.ground)
        final = learnt(run, learn, field).final
        model = replace(as_trained(final.path / "model", ask.base, ask.training), name="adapt")
        figures = orjson.loads((final.path / "figures.json").read_bytes())
        order = list(dict.fromkeys(taken(final.path)["row"].tolist()))
        prints = field.ground.pool.table["fingerprint"].take(pa.array(order)).to_pylist()
        rows = rows_of(ask.ground.pool.table, [one.hex() for one in prints])
        answers = figures["curve"][-1]["answers"]
        return Taught(model, rows.astype(np.int64), figures["steps"], figures["tokens"], answers)


def check(given: ArmSettings) -> None:
    """Raise ConfigError for a setting that cannot be."""
    _reward(given)
    _picks(given)


def _reward(given: ArmSettings) -> Reward:
    return Reward(str(given.get("reward", LOSS)))


def _picks(given: ArmSettings) -> bool:
    """Return whether the final run takes the best rows, or draws as the episodes do."""
    picks = str(given.get("final", "top"))
    names.find(FINAL, picks, "final")
    return picks == "top"


def _learn(ask: ArmAsk) -> LearnAsk:
    """Return what RAISE is asked; what the arm's settings do not say is as in ``cuvee adapt``, scaled to the budget."""
    given = ask.settings
    updates = ask.updates
    clusters = min(whole(given, "clusters", 1, low=1), ask.training.batch)
    per_cluster = ask.training.batch // clusters
    batch = clusters * per_cluster
    final = replace(ask.training, epochs=None, tokens=None, steps=updates, batch=batch, save_every=25)
    return LearnAsk(
        model=str(ask.base),
        base=ask.base,
        training=replace(final, steps=whole(given, "steps", updates, low=1)),
        final=final,
        goal=_goal(given),
        clusters=clusters,
        per_cluster=per_cluster,
        episodes=whole(given, "episodes", 8),
        subset=budgets.parse(str(given.get("subset", "10%"))),
        every=whole(given, "every", 1, low=1),
        repeats=whole(given, "repeats", 1),
        probes=whole(given, "probes", 200),
        random_start=share(given, "random_start", 0.1),
        top=_picks(given),
        aux=str(given["aux"]) if "aux" in given else None,
        policy=Path(str(given["policy"])) if "policy" in given else None,
        learner=learner({}),
        seed=ask.seed,
    )


def _goal(given: ArmSettings) -> GoalAsk:
    """Return the goal: all of it but one row is learnt from, as the proof's own questions are what it is judged on."""
    goal_rows = whole(given, "goal_rows", 32, low=1)
    return GoalAsk(files=[str(given["goal"])], test=budgets.parse("1"), rows=goal_rows, reward=_reward(given))
