"""What ``cuvee distill train`` leaves behind: the distiller, the library it rates by, a page that compares its stages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import orjson

from cuvee import commands
from cuvee.distiller import grpo
from cuvee.distiller.training.asked import DistillTrainAsk
from cuvee.distiller.training.stages import CURVE, DOUBTS, LIBRARY, MODEL, TRUST, weighing
from cuvee.models import causal
from cuvee.reports import distiller as page
from cuvee.reports.frame import costs_of
from cuvee.result import Result
from cuvee.result.methods import StageFigures
from cuvee.result.summary import DistillerSummary
from cuvee.runs import Run, Step, versions, write_json
from cuvee.training.checkpoints import Curve
from cuvee.training.fresh import adapters
from cuvee.training.settings import described

STAGES = ("untrained", "cold start", "GRPO")


@dataclass(frozen=True, kw_only=True)
class TeachingCourse:
    """A finished training. counts: of examples. figures: of every stage, as it was judged.

    cold, last: the steps that trained; one step without GRPO. shelf: the step with the library.
    """

    counts: dict[str, float]
    figures: dict[str, StageFigures]
    cold: Step
    last: Step
    shelf: Step

    def curves(self) -> dict[str, Curve]:
        """Return stage -> what happened at each of its optimiser steps."""
        steps = {STAGES[1]: self.cold, **({} if self.last is self.cold else {STAGES[2]: self.last})}
        return {stage: orjson.loads((step.path / CURVE).read_bytes()) for stage, step in steps.items()}

    def doubts(self) -> list[str]:
        """Return what to know of the library's ratings."""
        found: list[str] = orjson.loads((self.shelf.path / DOUBTS).read_bytes())
        return found

    def trust(self) -> dict[str, float | None]:
        """Return kind -> the chance that a good text of the library is rated above a weak one."""
        found: dict[str, float | None] = orjson.loads((self.shelf.path / TRUST).read_bytes())
        return found


def publish(run: Run, ask: DistillTrainAsk, course: TeachingCourse) -> Result:
    """Publish the weights of the last stage; return what the verb returns."""
    summary = _summary(ask, run.path, course)

    def make(folder: Path) -> None:
        write_json(folder / "summary.json", summary)
        page.write(summary, folder / "report.html", costs_of(run.steps))

    step = run.step("publish", {"told": summary}, make)
    files = run.publish(step, ["report.html", "summary.json"])
    folders = [run.publish_folder(course.last, MODEL), run.publish_folder(course.shelf, LIBRARY)]
    run.conclude(
        "distill train",
        ask.typed,
        seed=ask.seed,
        model={"name": ask.model, "version": causal.version_of(ask.base)},
        training=described(ask.training),
        adapters=adapters(ask.training),
        grpo=grpo.described(ask.reinforcement),
        counts=course.counts,
        figures=course.figures,
    )
    next_command = commands.line("cuvee", "distill", "POOL", "--model", run.path, "--budget", "5%")
    return Result(run.path, summary, [*folders, *files], next=next_command)


def _summary(ask: DistillTrainAsk, out: Path, course: TeachingCourse) -> DistillerSummary:
    """Return the summary that page and terminal show."""
    curves, too_long = course.curves(), course.counts["too long"]
    left_out = [f"{too_long:,} examples do not fit into --max-length and are left out"] if too_long else []
    return {
        "title": f"{ask.model} as a distiller",
        "sentence": _sentence(course, curves),
        "command": commands.command("distill train", ask.typed, out),
        "training": course.counts,
        "stages": course.figures,
        "curves": curves,
        "weights": {kind: asdict(its) for kind, its in weighing(ask, course.shelf).by_kind().items()},
        "trust": course.trust(),
        "settings": {key: str(value) for key, value in ask.typed.items() if value not in (None, "", [], 0)},
        "versions": versions(),
        "warnings": [*left_out, *course.doubts()],
    }


def _sentence(course: TeachingCourse, curves: Mapping[str, Curve]) -> str:
    first, cold = (course.figures[stage]["over all"] for stage in STAGES[:2])
    return (
        f"On {course.counts['judged']:,} held-out clusters {first['compliant']:.0%} of the replies keep the form before "
        f"training, {cold['compliant']:.0%} after the cold start; {_reward(course, curves)}."
    )


def _reward(course: TeachingCourse, curves: Mapping[str, Curve]) -> str:
    before = course.figures[STAGES[1]]["over all"]["total"]
    if STAGES[2] not in course.figures:
        return f"mean reward {before:.3f}"
    after, (early, late) = course.figures[STAGES[2]]["over all"]["total"], _fifths(curves[STAGES[2]])
    drawn = f"replies drawn in training {early:.3f} in its first fifth, {late:.3f} in its last"
    return f"GRPO: mean reward {before:.3f} before, {after:.3f} after; {drawn}"


def _fifths(curve: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """Return the mean reward over the first fifth of GRPO's steps and over the last one."""
    rewards, part = [step["reward"] for step in curve], max(1, len(curve) // 5)
    return fmean(rewards[:part]), fmean(rewards[-part:])
