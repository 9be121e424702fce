"""What ``cuvee distill train`` leaves behind: the distiller, the library it rates by, a page that compares its stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson

from cuvee import budget as budgets
from cuvee import commands
from cuvee.distiller.grpo import Reinforcement
from cuvee.distiller.rewards import Weights
from cuvee.models import causal
from cuvee.models.generation import Sampling
from cuvee.reports import distiller as page
from cuvee.result import Result
from cuvee.result.summary import DistillerSummary
from cuvee.runs import Run, Step, sha256, versions, write_json
from cuvee.training.settings import Training

STAGES = ("untrained", "cold start", "GRPO")
LIBRARY = "library"


@dataclass(frozen=True)
class DistillerAsk:
    """A checked ``cuvee distill train``."""

    corpus: Path
    base: Path
    training: Training
    reinforcement: Reinforcement
    weights: Weights
    held_out: budgets.Budget
    judged: int
    typed: dict[str, Any]

    @property
    def seed(self) -> int:
        """Of all chance."""
        return int(self.typed["seed"])

    @property
    def sampling(self) -> Sampling:
        """How held-out replies are written: greedily."""
        return Sampling(max_new_tokens=self.reinforcement.longest)


def publish(
    run: Run,
    wanted: DistillerAsk,
    counts: dict[str, Any],
    figures: dict[str, Any],
    cold: Step,
    final: Step,
    shelf: Step,
) -> Result:
    """Publish the weights of the last stage; return what the verb returns.

    counts: of examples. figures: of every stage, as it was judged. cold, final: the steps that trained; one step without GRPO.
    shelf: the step with the library.
    """
    curves = {"cold start": orjson.loads((cold.path / "curve.json").read_bytes())}
    if final is not cold:
        curves["GRPO"] = orjson.loads((final.path / "curve.json").read_bytes())
    told = _told(wanted, run.path, counts, figures, curves)
    told["warnings"] += orjson.loads((shelf.path / "doubts.json").read_bytes())

    def make(folder: Path) -> None:
        write_json(folder / "summary.json", told)
        page.write(told, folder / "report.html")

    step = run.step("publish", {"told": told}, make)
    files = run.publish(step, ["report.html", "summary.json"])
    model, library = run.publish_folder(final, "model"), run.publish_folder(shelf, LIBRARY)
    outputs = [{"file": str(path.relative_to(run.path)), "sha256": sha256(path)} for path in sorted(model.iterdir())]
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in wanted.typed.items()}
    run.finish(
        {
            "verb": "distill train", "settings": plain, "seed": wanted.seed, "outputs": outputs, "counts": counts,
            "model": {"name": wanted.typed["model"], "version": causal.version_of(wanted.base)}, "figures": figures,
        }
    )  # fmt: skip
    return Result(run.path, told, [model, library, *files], next=f"cuvee distill POOL --model {run.path} --budget 5%")


def _fifths(curve: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """Return the mean reward over the first fifth of GRPO's steps and over the last one."""
    rewards, part = [step["reward"] for step in curve], max(1, len(curve) // 5)
    return fmean(rewards[:part]), fmean(rewards[-part:])


def _told(
    wanted: DistillerAsk, out: Path, counts: dict[str, Any], figures: dict[str, Any], curves: dict[str, Any]
) -> DistillerSummary:
    """Return the summary that page and terminal show."""
    stages = [stage for stage in STAGES if stage in figures]
    first, cold, last = (figures[stage]["over all"] for stage in (stages[0], STAGES[1], stages[-1]))
    reward = f"mean reward {cold['total']:.3f}"
    if last is not cold:
        drawn = "replies drawn in training {:.3f} in its first fifth, {:.3f} in its last".format(
            *_fifths(curves["GRPO"])
        )
        reward = f"GRPO: mean reward {cold['total']:.3f} before, {last['total']:.3f} after; {drawn}"
    sentence = (
        f"On {counts['judged']:,} held-out clusters {first['compliant']:.0%} of the replies keep the form before training, "
        f"{cold['compliant']:.0%} after the cold start; {reward}."
    )
    return {
        "title": f"{wanted.typed['model']} as a distiller",
        "sentence": sentence,
        "command": commands.command("distill train", wanted.typed, out),
        "training": counts,
        "stages": figures,
        "curves": curves,
        "weights": vars(wanted.weights),
        "settings": {key: str(value) for key, value in wanted.typed.items() if value not in (None, "", [], 0)},
        "versions": versions(),
        "warnings": [f"{counts['too long']:,} examples do not fit into --max-length and are left out"]
        if counts["too long"]
        else [],
    }
