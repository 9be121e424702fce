"""Episodes and the final run of ``cuvee adapt``: each is one resumable step of the run folder.

Imports torch; import it late.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from cuvee import disk, rng
from cuvee.adaptation import folder as policies
from cuvee.adaptation import ppo
from cuvee.adaptation.asked import LearnAsk
from cuvee.adaptation.course import Course
from cuvee.adaptation.feed import Picked, learn_stage
from cuvee.adaptation.field import EpisodeField
from cuvee.adaptation.figures import FinalFigures, PickedRows
from cuvee.adaptation.importance import importance
from cuvee.adaptation.probing import probed, probes
from cuvee.adaptation.regression import fit
from cuvee.arrays import F32, F64
from cuvee.progress import say
from cuvee.result.methods import EpisodeRow, ProbeFigures
from cuvee.runs import Run, Step, write_json
from cuvee.training import sft
from cuvee.training.settings import described

STEPS = "trajectory.npz"  # what every step of a final run saw


class Learnt(NamedTuple):
    """episodes: the figures of each. final: the step of the final run, with the model. policy: the last one's folder.

    probes: how well they are foretold, None where there were none.
    """

    episodes: list[EpisodeRow]
    final: Step
    policy: Path
    probes: ProbeFigures | None


def learnt(run: Run, ask: LearnAsk, field: EpisodeField) -> Learnt:
    """Learn a policy in episodes, and train the final model with it."""
    course, policy = Course(ask, field), field.seen.start
    begun = None
    if ask.probes and not ask.policy:
        begun = _begun(run, course)
        policy = begun.path / "policy"
    figures: list[EpisodeRow] = []
    steps: list[Step] = []
    for number in range(ask.episodes):
        steps.append(_episode(run, course, number, policy, steps))
        policy = steps[-1].path / "policy"
        figures.append(orjson.loads((steps[-1].path / "figures.json").read_bytes()))
        _report(figures[-1], ask, steps[-1])
    made = steps or ([begun] if begun else [])
    return Learnt(figures, _final(run, course, policy, made), policy, _foretold(begun))


def _begun(run: Run, course: Course) -> Step:
    """Fit a first policy to probes: what one step on each of some random rows does to the goal."""
    ask, field = course.ask, course.field

    def make(folder: Path) -> None:
        policy, chance = policies.read(field.seen.start), rng.stream(ask.seed, "adapt", "probes")
        at = probes(field.seen.rows.columns, ask.probes, chance)
        worth = probed(replace(ask, base=field.warm), field.goal, field.rows, at, folder)
        foretold = fit(policy.network, field.seen.rows.columns, at, worth, seed=ask.seed)
        policies.write(policy, folder / "policy")
        write_json(folder / "probes.json", asdict(foretold))

    step = run.step("probes", {**course.depends(), "probes": ask.probes}, make, resumable=True)
    if not step.reused:
        told = _foretold(step)
        assert told is not None
        say(
            f"probed    {ask.probes:,} rows; those held back are foretold at {told['correlation']:.2f}, {step.seconds:.1f} s"
        )
    return step


def _foretold(begun: Step | None) -> ProbeFigures | None:
    """Return what a step of probes found."""
    if begun is None:
        return None
    figures: ProbeFigures = orjson.loads((begun.path / "probes.json").read_bytes())
    return figures


def _episode(run: Run, course: Course, number: int, before: Path, earlier: Sequence[Step]) -> Step:
    """Train once from the initial weights on a random part of the pool, and let the policy learn from it."""
    ask = course.ask

    def make(folder: Path) -> None:
        policy, seed = policies.read(before), course.seed(number)
        feed = course.feed(course.part(number), policy, ask.training, seed=seed)
        trained = course.train(feed, ask.training, folder / "model", seed=seed)
        episode = feed.episode()  # as the policy saw it: what it learns changes what it sees
        told = _update(policy, episode, [_remembered(step) for step in earlier], ask.learner, seed)
        learn_stage(policy, feed)
        policy.facts["episodes"] += 1
        disk.save_arrays(folder / "memory.npz", states=episode.states(episode.taken()), rewards=episode.rewards)
        policies.write(policy, folder / "policy")
        write_json(folder / "figures.json", _figures(number, feed, trained, told, ask.goal.reward.sign))
        disk.remove_folder(folder / "model")  # read no more: the weights of twenty episodes would fill the disk

    own = {
        "number": number,
        "subset": asdict(ask.subset),
        "ppo": asdict(ask.learner),
        "training": described(ask.training),
        "probes": course.ask.probes,
        "previous": earlier[-1].fingerprint if earlier else None,
    }
    return run.step(f"episode-{number}", {**course.depends(), **own}, make, resumable=True)


def _update(
    policy: policies.Policy, episode: ppo.Episode, earlier: list[tuple[F32, F64]], settings: ppo.Learner, seed: int
) -> ppo.Told:
    """Let a policy learn, in place, from an episode; its critic, from the earlier ones too."""
    scale = policy.facts["scale"] or float(np.std(episode.rewards)) or 1.0
    experience = ppo.Experience(episode, earlier, scale)
    return ppo.update(policy.network, policy.critic, experience, settings, seed=seed)


def _remembered(step: Step) -> tuple[F32, F64]:
    """Return the critic's states and the rewards of an episode."""
    with np.load(step.path / "memory.npz") as memory:
        return memory["states"], memory["rewards"]


def _figures(number: int, feed: Picked, trained: sft.Trained, told: ppo.Told, sign: float) -> EpisodeRow:
    taken = np.concatenate([np.concatenate(picked) for picked in feed.picks])
    return {
        "episode": number + 1,
        "rows": len(feed.rows),
        "picked": len(np.unique(taken)),
        "gain": feed.performance[-1] - feed.performance[0],
        "end": sign * feed.performance[-1],
        "train loss": trained.curve[-1]["loss"],
        "tokens": trained.tokens,
        "performance": feed.performance,
        "ppo": {name: None if np.isnan(value) else value for name, value in asdict(told).items()},
    }


def _report(figures: EpisodeRow, ask: LearnAsk, step: Step) -> None:
    if not step.reused:
        what = f"the goal's {ask.goal.reward.measure} got better by {figures['gain']:.4f} to {figures['end']:.4f}"
        say(f"episode {figures['episode']}/{ask.episodes}: {what}, {step.seconds:.1f} s")


def _final(run: Run, course: Course, policy: Path, earlier: Sequence[Step]) -> Step:
    """Train from the initial weights on the policy's best rows of the whole pool; then look at the test part, once."""
    ask, rows = course.ask, course.field.seen.rows

    def make(folder: Path) -> None:
        chance = None if ask.top else course.seed(ask.episodes)
        feed = course.feed(rows, policies.read(policy), ask.final, seed=chance)
        say(f"final run: {ask.final.steps:,} steps on the policy's best of {len(rows):,} rows")
        trained = course.train(feed, ask.final, folder / "model", seed=ask.seed)
        figures = _final_figures(course, feed, trained)
        disk.save_arrays(folder / STEPS, **_trajectory(feed, trained.steps))
        write_json(folder / "figures.json", asdict(figures))

    own = {
        "training": described(ask.final),
        "top": ask.top,
        "episodes": [step.fingerprint for step in earlier],
    }
    return run.step("final", {**course.depends(), **own}, make, resumable=True)


def _final_figures(course: Course, feed: Picked, trained: sft.Trained) -> FinalFigures:
    reward = course.ask.goal.reward
    return FinalFigures(
        end={
            "validation": reward.sign * feed.performance[-1],
            "test": reward.value(trained.model, course.field.goal.test),
        },
        importance=importance(feed, rng.stream(course.ask.seed, "adapt", "importance")),
        performance=feed.performance,
        tokens=trained.tokens,
        curve=trained.curve,
        steps=trained.steps,
        device=trained.model.device,
    )


def figures_of(final: Path) -> FinalFigures:
    """Return the figures of a final run. final: the folder of its step."""
    return FinalFigures(**orjson.loads((final / "figures.json").read_bytes()))


def taken(final: Path) -> PickedRows:
    """Return everything that a final run saw, in order. final: the folder of its step."""
    with np.load(final / STEPS) as saw:
        return {"step": saw["step"], "row": saw["row"], "cluster": saw["cluster"], "score": saw["score"]}


def _trajectory(feed: Picked, steps: int) -> PickedRows:
    rows = [feed.next(step) for step in range(steps)]
    seen = [feed.told(step) for step in range(steps)]
    return {
        "step": np.repeat(np.arange(steps), [len(part) for part in rows]),
        "row": np.concatenate(rows),
        "cluster": np.concatenate([labels for labels, _ in seen]),
        "score": np.concatenate([scores for _, scores in seen]),
    }
