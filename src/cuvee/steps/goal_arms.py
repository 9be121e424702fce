"""Arms of a proof that are told what to get better at, or that go by the loss: RAISE, LESS, self-paced, loss-based."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from cuvee import budget as budgets
from cuvee import progress, render, rng
from cuvee.arrays import F32, I64
from cuvee.errors import InputError
from cuvee.models import causal
from cuvee.models.catalog import home
from cuvee.models.causal import Causal
from cuvee.runs import digest, open_run
from cuvee.samples.inputs import expand
from cuvee.samples.pool import Pool
from cuvee.samples.read import read
from cuvee.scorers.language import Reader, loss
from cuvee.steps.reward import LOSS, Reward
from cuvee.steps.selecting import rows_of
from cuvee.steps.settings import ground_settings
from cuvee.store import Store, content_key
from cuvee.training import sft
from cuvee.training.feeds import Feed
from cuvee.training.paced import Paced, Weighted

if TYPE_CHECKING:
    from cuvee.steps.arms import Ask

ADAPT = ("episodes", "steps", "subset", "clusters", "every", "repeats", "final", "goal_rows", "reward", "aux", "policy")
LESS = ("warmup", "rank", "dim", "goal_rows", "draw")
PART = 64  # rows whose gradients are lost when a run is killed


@dataclass(frozen=True)
class Taught:
    """A model that an arm made by itself. rows: of the pool, as they were first seen; updates, tokens: what training took."""

    model: Causal
    rows: I64
    updates: int
    tokens: int


def reward_of(given: Mapping[str, Any]) -> Reward:
    """Return the reward that an arm's settings name. Raises ConfigError for one that there is not."""
    return Reward(str(given.get("reward", LOSS)))


def adapted(ask: "Ask") -> Taught:
    """Make the model of RAISE: as many updates of as many rows as the other arms, after its episodes."""
    from cuvee.steps.episodes import learnt, prepared_from, taken

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


def _wanted(ask: "Ask") -> Any:
    """Return the settings of ``cuvee adapt`` for this arm; what is not given is as in the verb, scaled to the budget."""
    from cuvee.steps.adapting import Wanted

    given = {"episodes": 8, "subset": "10%", "clusters": 2, "every": 1, "repeats": 4, "goal_rows": 32, **ask.settings}
    updates = ask.training.updates(ask.k, 0.0)
    clusters = min(int(given["clusters"]), ask.training.batch)
    batch = clusters * (ask.training.batch // clusters)
    final = replace(ask.training, epochs=None, tokens=None, steps=updates, batch=batch, save_every=25)
    typed = {"model": str(ask.base), "lora": ask.training.lora or 0}
    return Wanted(
        ground_settings(data=[], budget="1", method="uniform", seed=ask.seed), ask.base,
        replace(final, steps=int(given.get("steps", updates))), final, [str(given["goal"])],
        budgets.parse("1"), int(given["goal_rows"]), reward_of(given),
        clusters, batch // clusters, int(given["episodes"]),
        int(given["every"]), int(given["repeats"]), str(given.get("final", "top")) == "top",
        budgets.parse(str(given["subset"])), given.get("aux"), Path(given["policy"]) if "policy" in given else None,
        {}, ask.seed, typed,
    )  # fmt: skip


def self_paced(ask: "Ask") -> Taught:
    """Make a model trained from easy rows to hard ones, by their loss under the base."""
    return _fed(ask, lambda losses, steps: Paced(losses, ask.training.batch, steps=steps, seed=ask.seed))


def loss_based(ask: "Ask") -> Taught:
    """Make a model trained on rows drawn in proportion to their loss under the base."""
    return _fed(ask, lambda losses, steps: Weighted(losses, ask.training.batch, seed=ask.seed))


def _fed(ask: "Ask", make: Any) -> Taught:
    base = causal.load(ask.base)
    losses = loss(ask.ground.pool, reader=Reader(base, Store(home() / "store"), ask.training.max_length))
    steps = ask.training.updates(ask.k, 0.0)
    feed: Feed = make(losses, steps)
    training = replace(ask.training, epochs=None, tokens=None, steps=steps)
    model = causal.with_lora(base, rank=ask.training.lora, seed=ask.seed) if ask.training.lora else base
    done = sft.train(model, ask.encoded, training, ask.folder / "model", seed=ask.seed, feed=feed)
    seen = [row for step in range(done.steps) for row in feed.next(step).tolist()]
    return Taught(done.model, np.array(list(dict.fromkeys(seen)), dtype=np.int64), done.steps, done.tokens)


def less(ask: "Ask") -> I64:
    """Return the rows whose gradient points most nearly where the goal's rows point, by cosine, best first.

    After LESS (arXiv 2402.04333), in short: LoRA adapters that have learnt from a few random rows (``warmup`` updates), one
    gradient per row, projected at random to ``dim`` numbers, cosine to the mean of the goal's. Plain gradients stand for
    Adam's, and one checkpoint for several. With ``draw`` all seeds share one warm-up: gradients are then computed once.
    """
    from cuvee.models.gradients import features

    dim, draw = int(ask.settings.get("dim", 1_024)), int(ask.settings.get("draw", ask.seed))
    seed = int(rng.stream(draw, "less").integers(2**31))
    goal = goal_rows(ask, causal.tokenizer_of(ask.base), draw)
    rows = [*goal, *ask.encoded]
    keys = np.array(
        [content_key(f"{row.ids.tobytes().hex()} {row.answer.tobytes().hex()}") for row in rows], dtype="S16"
    )
    warmed = cache(lambda: _warmed(ask, draw))
    ask.folder.mkdir(parents=True, exist_ok=True)
    found = ask.folder / "gradients.npy"

    def compute(at: I64) -> F32:
        with progress.quiet():  # the bar of all rows is shown
            return features(warmed(), [rows[row] for row in at], dim=dim, seed=seed)

    store = Store(home() / "store")
    store.fill(_column(ask, draw), keys, compute, dim=dim, out=found, label="gradients", segment=PART)
    X: F32 = np.load(found)
    order: I64 = np.argsort(-(X[len(goal) :] @ X[: len(goal)].mean(axis=0)), kind="stable").astype(np.int64)
    return order[: ask.k]


def _column(ask: "Ask", draw: int) -> str:
    """Return the name of the stored column: what decides a row's gradient beside the row."""
    warmup, rank, dim = (
        int(ask.settings.get(name, value)) for name, value in (("warmup", 20), ("rank", 8), ("dim", 1_024))
    )
    rows = digest([row.ids for row in ask.encoded]) if warmup else ""
    return f"gradients-{digest([causal.version_of(ask.base), sft.described(ask.training), rows, warmup, rank, dim, draw])[:24]}"


def _warmed(ask: "Ask", draw: int) -> Causal:
    """Return the base with adapters that learnt from a few random rows; a new adapter has gradients of its second half only."""
    rank, steps = int(ask.settings.get("rank", 8)), int(ask.settings.get("warmup", 20))
    fresh = causal.with_lora(causal.load(ask.base), rank=rank, alpha=2 * rank, seed=draw)
    if steps:
        training = replace(ask.training, epochs=None, tokens=None, steps=steps, lora=rank, save_every=0)
        fresh = sft.train(fresh, ask.encoded, training, None, seed=draw).model
    return fresh


def goal_rows(ask: "Ask", tokenizer: Any, seed: int) -> list[render.Encoded]:
    """Return the token ids of the goal's rows that have an answer, at most ``goal_rows`` of them."""
    batches = [
        batch for path in expand([str(ask.settings["goal"])]) for batch in read(str(path), strict=True).batches()
    ]
    table = pa.Table.from_batches(batches)
    order = np.argsort(rng.keyed(Pool(table).keys, int(rng.stream(seed, "goal").integers(2**62))), kind="stable")
    rows = render.encode_all(
        table.take(pa.array(order))["messages"].to_pylist(),
        tokenizer,
        max_length=ask.training.max_length,
        side="left",
    )
    kept = [row for row in rows if row.answer[1:].any()][: int(ask.settings.get("goal_rows", 32))]
    if not kept:
        raise InputError(f"{ask.settings['goal']} has no row with an answer", "name another goal")
    return kept
