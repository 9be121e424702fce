"""Episodes and the final run of ``cuvee adapt``: each is one resumable step of the run folder.

Imports torch; import it late.
"""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import rng
from cuvee.adaptation import folder as policies
from cuvee.adaptation import ppo
from cuvee.adaptation.asked import AdaptAsk
from cuvee.adaptation.feed import Picked, Picking, learn_stage
from cuvee.adaptation.field import EpisodeField
from cuvee.adaptation.importance import importance
from cuvee.adaptation.reward import Reward
from cuvee.arrays import F32, F64, I64
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.result.methods import EpisodeRow
from cuvee.runs import Run, Step, write_json
from cuvee.training import sft
from cuvee.training.settings import Training, described

Figures = EpisodeRow
STEPS = "trajectory.npz"  # what every step of a final run saw


def learnt(run: Run, wanted: AdaptAsk, field: EpisodeField) -> tuple[list[Figures], Step, Path]:
    """Return the figures of every episode, the step of the final run, and the folder of the last policy."""
    depends = _depends(wanted, field)
    policy, figures = field.seen.start, []
    episodes: list[Step] = []
    for number in range(wanted.episodes):
        step = _episode(run, wanted, field, number, policy, episodes, depends)
        episodes.append(step)
        policy = step.path / "policy"
        figures.append(orjson.loads((step.path / "figures.json").read_bytes()))
        _report(figures[-1], wanted, step)
    return figures, _final(run, wanted, field, policy, episodes, depends), policy


def _depends(wanted: AdaptAsk, field: EpisodeField) -> dict[str, Any]:
    return {
        "ground": field.ground.fingerprint, "seen": field.seen.step.fingerprint, "goal": field.goal.fingerprint,
        "goal rows": [len(field.goal.validation), len(field.goal.test)], "base": causal.version_of(wanted.base),
        "reward": vars(wanted.reward),
        "per cluster": wanted.per_cluster, "every": wanted.every, "repeats": wanted.repeats, "seed": wanted.seed,
    }  # fmt: skip


def _fresh(wanted: AdaptAsk) -> Causal:
    model, rank = causal.load(wanted.base), wanted.training.lora
    return causal.with_lora(model, rank=rank, alpha=2 * rank, seed=wanted.seed) if rank else model


def _episode(
    run: Run,
    wanted: AdaptAsk,
    field: EpisodeField,
    number: int,
    before: Path,
    earlier: list[Step],
    depends: dict[str, Any],
) -> Step:
    """Train once from the initial weights on a random part of the pool, and let the policy learn from it."""

    def make(folder: Path) -> None:
        policy, seed = policies.read(before), _seed(wanted, number)
        feed = Picked(
            _part(wanted, field, number),
            policy,
            _picking(wanted, wanted.training, seed),
            start=wanted.reward.sign * field.start["validation"],
        )
        trained = _train(wanted, field, feed, wanted.training, folder / "model", seed)
        episode = feed.episode()
        scale = policy.facts["scale"] or float(np.std(episode.rewards)) or 1.0
        known = [(found["states"], found["rewards"]) for found in map(_remembered, earlier)]
        experience = ppo.Experience(episode, known, scale)
        told = ppo.update(policy.network, policy.critic, experience, ppo.Learner(**wanted.ppo), seed=seed)
        learn_stage(policy, feed)
        policy.facts["episodes"] += 1
        np.savez(folder / "memory.npz", states=episode.states(episode.taken()), rewards=episode.rewards)
        policies.write(policy, folder / "policy")
        write_json(folder / "figures.json", _figures(number, feed, trained, told, wanted.reward))
        _forget(folder / "model")

    own = {
        "number": number,
        "subset": vars(wanted.subset),
        "ppo": wanted.ppo,
        "training": described(wanted.training),
    }
    previous = earlier[-1].fingerprint if earlier else None
    return run.step(f"episode-{number}", {**depends, **own, "previous": previous}, make, resumable=True)


def _train(
    wanted: AdaptAsk, field: EpisodeField, feed: Picked, training: Training, folder: Path, seed: int
) -> sft.Trained:
    model = _fresh(wanted)
    reward = feed.measured(wanted.reward.performance(model, field.goal.validation))
    return sft.train(model, field.rows, training, folder, seed=seed, feed=feed, reward=reward)


def _picking(wanted: AdaptAsk, training: Training, seed: int | None) -> Picking:
    return Picking(wanted.per_cluster, training.steps or 0, wanted.every, seed, wanted.repeats)


def _part(wanted: AdaptAsk, field: EpisodeField, number: int) -> Any:
    """Return the random rows that an episode picks from, at least as many as a step takes."""
    rows = field.seen.rows
    k = min(len(rows), max(wanted.subset.rows(len(rows)), wanted.training.batch))
    drawn = rng.stream(wanted.seed, "adapt", "subset", str(number)).permutation(len(rows))[:k]
    return rows.some(drawn.astype(np.int64))


def _seed(wanted: AdaptAsk, number: int) -> int:
    return int(rng.stream(wanted.seed, "adapt", "episode", str(number)).integers(2**31))


def _remembered(step: Step) -> dict[str, Any]:
    with np.load(step.path / "memory.npz") as found:
        states: F32 = found["states"]
        rewards: F64 = found["rewards"]
    return {"states": states, "rewards": rewards}


def _forget(folder: Path) -> None:
    """Remove weights that are read no more: twenty episodes of a large model would fill the disk."""
    import shutil

    shutil.rmtree(folder)


def _figures(number: int, feed: Picked, trained: sft.Trained, told: ppo.Told, reward: Reward) -> Figures:
    taken = np.concatenate([np.concatenate(picked) for picked in feed.picks])
    return {
        "episode": number + 1,
        "rows": len(feed.rows),
        "picked": len(np.unique(taken)),
        "gain": feed.performance[-1] - feed.performance[0],
        "end": reward.sign * feed.performance[-1],
        "train loss": trained.curve[-1]["loss"],
        "tokens": trained.tokens,
        "performance": feed.performance,
        "ppo": {name: None if np.isnan(value) else value for name, value in vars(told).items()},
    }


def _report(told: Figures, wanted: AdaptAsk, step: Step) -> None:
    if not step.reused:
        what = f"the goal's {wanted.reward.measure} got better by {told['gain']:.4f} to {told['end']:.4f}"
        say(f"episode {told['episode']}/{wanted.episodes}: {what}, {step.seconds:.1f} s")


def _final(
    run: Run, wanted: AdaptAsk, field: EpisodeField, policy: Path, earlier: list[Step], depends: dict[str, Any]
) -> Step:
    """Train from the initial weights on the policy's best rows of the whole pool; then the test part is looked at, once."""

    def make(folder: Path) -> None:
        learnt, rows = policies.read(policy), field.seen.rows
        chance = None if wanted.top else _seed(wanted, wanted.episodes)
        feed = Picked(
            rows, learnt, _picking(wanted, wanted.final, chance), start=wanted.reward.sign * field.start["validation"]
        )
        say(f"final run: {wanted.final.steps:,} steps on the policy's best of {len(rows):,} rows")
        trained = _train(wanted, field, feed, wanted.final, folder / "model", wanted.seed)
        tested = wanted.reward.value(trained.model, field.goal.test)
        _write_trajectory(feed, wanted.final.steps or 0, folder)
        importances = importance(feed, rng.stream(wanted.seed, "adapt", "importance"))
        end = {"validation": wanted.reward.sign * feed.performance[-1], "test": tested}
        figures = {"end": end, "importance": importances, "performance": feed.performance, "tokens": trained.tokens}
        write_json(folder / "figures.json", {**figures, "curve": trained.curve, "steps": trained.steps})

    own = {
        "training": described(wanted.final),
        "top": wanted.top,
        "episodes": [step.fingerprint for step in earlier],
    }
    return run.step("final", {**depends, **own}, make, resumable=True)


def taken(final: Path) -> dict[str, Any]:
    """Return step, row, cluster, score of everything that a final run saw, in order. final: the folder of its step."""
    with np.load(final / STEPS) as found:
        return {name: found[name] for name in found.files}


def _write_trajectory(feed: Picked, steps: int, folder: Path) -> None:
    """Write what every step saw, in order: step, row (of the pool), cluster, score."""
    rows = [feed.next(step) for step in range(steps)]
    told = [feed.told(step) for step in range(steps)]
    number = np.repeat(np.arange(steps), [len(part) for part in rows])
    clusters: I64 = np.concatenate([labels for labels, _ in told])
    scores: F32 = np.concatenate([values for _, values in told])
    np.savez(folder / STEPS, step=number, row=np.concatenate(rows), cluster=clusters, score=scores)
