"""Judge: what each stage of a distiller writes for held-out examples, by every reward, over all and by kind."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee.distiller import bayes, examples, parse
from cuvee.distiller.content import merit
from cuvee.distiller.examples import Example
from cuvee.distiller.rewards import Rewards, Weighing
from cuvee.distiller.training.asked import DistillTrainAsk
from cuvee.distiller.training.stages import LIBRARY
from cuvee.distiller.writing import write as reply_to
from cuvee.evaluation.journal import Journal
from cuvee.models import causal
from cuvee.progress import say
from cuvee.result.methods import ShownReply, StageFigures
from cuvee.runs import Run, Step, digest, write_json

SHOWN = 3  # held-out replies that the page shows, before and after
EVERY = Weighing(1.0, 1.0, 1.0)  # rewards that do not count are shown all the same


@dataclass(frozen=True)
class Bench:
    """What every stage is judged by. held: examples that no stage learns from. shelf: the step with the library.

    weights: what counts.
    """

    ask: DistillTrainAsk
    held: list[Example]
    shelf: Step
    weights: Weighing

    def judge(self, run: Run, model: Path, stage: str) -> StageFigures:
        """Let a model answer the held-out prompts; return the mean of every reward, by kind too, and a few replies."""
        depends = {
            "model": causal.version_of(model),
            "held": digest([(example.prompt, example.answer) for example in self.held]),
            "library": self.shelf.fingerprint,
            "sampling": vars(self.ask.sampling),
            "weights": {kind: vars(its) for kind, its in self.weights.by_kind().items()},
            "aligned": [self.ask.aligned_by, self.ask.alike],
        }

        def make(folder: Path) -> None:
            texts = self._replies(model, folder, stage)
            write_json(folder / "told.json", self._figures(texts))

        step = run.step(f"judge-{stage.replace(' ', '-')}", depends, make, resumable=True)
        figures: StageFigures = orjson.loads((step.path / "told.json").read_bytes())
        over, many = figures["over all"], len(self.held)
        say(f"{stage}: form kept by {over['compliant']:.0%} of {many:,} held-out replies, reward {over['total']:.3f}")
        return figures

    def _replies(self, model: Path, folder: Path, stage: str) -> list[str]:
        talks = [examples.asked(example.kind, example.variants) for example in self.held]
        journal = Journal(folder / "replies.jsonl")
        written = reply_to(causal.load(model), talks, self.ask.sampling, journal, label=f"judging: {stage}")
        return [reply.text for reply in written.replies]

    def _figures(self, texts: Sequence[str]) -> StageFigures:
        every = Rewards(bayes.load(self.shelf.path / LIBRARY), EVERY, self.ask.alike, self.ask.aligned_by)
        counted = Rewards(every.library, self.weights)
        pairs = list(zip(self.held, texts, strict=True))
        parts = [every.parts(example, text) for example, text in pairs]
        parts = [
            {**part, **_merit(example, text), "total": counted.total(example.kind, part)}
            for part, (example, text) in zip(parts, pairs, strict=True)
        ]
        shown: list[ShownReply] = [
            {"kind": example.kind, "prompt": example.prompt, "reply": text} for example, text in pairs[:SHOWN]
        ]
        return {**means(parts, [example.kind for example in self.held]), "shown": shown}


def _merit(example: Example, reply: str) -> dict[str, float]:
    """Return what a reply's answer covers of its weak texts, invents and repeats; without an answer it covers nothing."""
    answer = parse.answer_of(reply)
    if not answer:
        return {"coverage": 0.0, "invention": 0.0, "repetition": 0.0}
    return asdict(merit(answer, example.variants, example.answer))


def means(parts: Sequence[Mapping[str, float]], kinds: Sequence[str]) -> StageFigures:
    """Return the mean of every reward over all and by kind; compliant: the share whose format reward is 1."""
    by_kind = {
        kind: _mean([row for row, its in zip(parts, kinds, strict=True) if its == kind]) for kind in sorted(set(kinds))
    }
    return {"over all": _mean(parts), "by kind": by_kind}


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    found = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return {**found, "compliant": float(np.mean([row["format"] == 1 for row in rows])), "replies": len(rows)}
