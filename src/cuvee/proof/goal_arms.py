"""Arms of a proof that are told what to get better at, or that go by the loss: RAISE, LESS, self-paced, loss-based."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from cuvee import budget as budgets
from cuvee.adaptation.reward import LOSS, Reward
from cuvee.intake.asked import ground_settings
from cuvee.intake.ground import rows_of
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.proof.ask import ArmAsk, Taught
from cuvee.runs import open_run
from cuvee.scorers.language import Reader, loss
from cuvee.store import Store
from cuvee.training import sft
from cuvee.training.feeds import Feed
from cuvee.training.paced import Paced, Weighted

ADAPT = ("episodes", "steps", "subset", "clusters", "every", "repeats", "final", "goal_rows", "reward", "aux", "policy")


def reward_of(given: Mapping[str, Any]) -> Reward:
    """Return the reward that an arm's settings name. Raises ConfigError for one that there is not."""
    return Reward(str(given.get("reward", LOSS)))


def adapted(ask: ArmAsk) -> Taught:
    """Make the model of RAISE: as many updates of as many rows as the other arms, after its episodes."""
    from cuvee.adaptation.episodes import learnt, taken
    from cuvee.adaptation.field import prepared_from

    wanted = _wanted(ask)
    with open_run(ask.folder) as run:
        field = prepared_from(run, wanted, ask.ground)
        _, final, _ = learnt(run, wanted, field)
        model = replace(causal.load(final.path / "model"), name="adapt")
        figures = orjson.loads((final.path / "figures.json").read_bytes())
        order = list(dict.fromkeys(taken(final.path)["row"].tolist()))
        prints = field.ground.pool.table["fingerprint"].take(pa.array(order)).to_pylist()
        rows = rows_of(ask.ground.pool.table, [one.hex() for one in prints])
        return Taught(model, rows, figures["steps"], figures["tokens"])


def _wanted(ask: ArmAsk) -> Any:
    """Return the settings of ``cuvee adapt`` for this arm; what is not given is as in the verb, scaled to the budget."""
    from cuvee.adaptation.asked import AdaptAsk

    given = {"episodes": 8, "subset": "10%", "clusters": 2, "every": 1, "repeats": 4, "goal_rows": 32, **ask.settings}
    updates = ask.training.updates(ask.k, 0.0)
    clusters = min(int(given["clusters"]), ask.training.batch)
    batch = clusters * (ask.training.batch // clusters)
    final = replace(ask.training, epochs=None, tokens=None, steps=updates, batch=batch, save_every=25)
    typed = {"model": str(ask.base), "lora": ask.training.lora or 0}
    return AdaptAsk(
        ground_settings(data=[], budget="1", method="uniform", seed=ask.seed), ask.base,
        replace(final, steps=int(given.get("steps", updates))), final, [str(given["goal"])],
        budgets.parse("1"), int(given["goal_rows"]), reward_of(given),
        clusters, batch // clusters, int(given["episodes"]),
        int(given["every"]), int(given["repeats"]), str(given.get("final", "top")) == "top",
        budgets.parse(str(given["subset"])), given.get("aux"), Path(given["policy"]) if "policy" in given else None,
        {}, ask.seed, typed,
    )  # fmt: skip


def self_paced(ask: ArmAsk) -> Taught:
    """Make a model trained from easy rows to hard ones, by their loss under the base."""
    return _fed(ask, lambda losses, steps: Paced(losses, ask.training.batch, steps=steps, seed=ask.seed))


def loss_based(ask: ArmAsk) -> Taught:
    """Make a model trained on rows drawn in proportion to their loss under the base."""
    return _fed(ask, lambda losses, steps: Weighted(losses, ask.training.batch, seed=ask.seed))


def _fed(ask: ArmAsk, make: Any) -> Taught:
    base = causal.load(ask.base)
    losses = loss(ask.ground.pool, reader=Reader(base, Store(home() / "store"), ask.training.max_length))
    steps = ask.training.updates(ask.k, 0.0)
    feed: Feed = make(losses, steps)
    training = replace(ask.training, epochs=None, tokens=None, steps=steps)
    model = causal.with_lora(base, rank=ask.training.lora, seed=ask.seed) if ask.training.lora else base
    done = sft.train(model, ask.encoded, training, ask.folder / "model", seed=ask.seed, feed=feed)
    seen = [row for step in range(done.steps) for row in feed.next(step).tolist()]
    return Taught(done.model, np.array(list(dict.fromkeys(seen)), dtype=np.int64), done.steps, done.tokens)
