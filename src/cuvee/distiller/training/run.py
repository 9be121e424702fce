"""``cuvee distill train``: a corpus -> a distiller: cold start, then GRPO, judged on held-out examples."""

from pathlib import Path

from cuvee.distiller import examples
from cuvee.distiller.examples import Example
from cuvee.distiller.training.asked import DistillTrainAsk, DistillTrainOptions, bind
from cuvee.distiller.training.judged import Bench
from cuvee.distiller.training.published import STAGES, TeachingCourse, publish
from cuvee.distiller.training.split import Fitting, fitting, split
from cuvee.distiller.training.stages import MODEL, cold_start, library, reinforced, weighing
from cuvee.models import causal
from cuvee.models.speed import ModelWork
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run


def run_distill_train(options: DistillTrainOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.distill.distill_train`` says."""
    ask = bind(options)
    seen, held = split(examples.load(ask.corpus), ask.held_out, seed=ask.seed)
    kept = fitting(seen, causal.tokenizer_of(ask.base), ask.training.max_length)
    if dry_run:
        return _plan(ask, kept, held, Path(out))
    with open_run(Path(out), Claim("distill train", ask.typed, replace)) as run:
        return publish(run, ask, _train(run, ask, kept, held))


def _train(run: Run, ask: DistillTrainAsk, kept: Fitting, held: list[Example]) -> TeachingCourse:
    shelf = library(run, ask)
    bench = Bench(ask, held[: ask.judged or None], shelf, weighing(ask, shelf))
    figures = {STAGES[0]: bench.judge(run, ask.base, STAGES[0])}
    cold = last = cold_start(run, ask, kept)
    figures[STAGES[1]] = bench.judge(run, cold.path / MODEL, STAGES[1])
    if ask.reinforcement.steps:
        last = reinforced(run, ask, kept.examples, cold, shelf)
        figures[STAGES[2]] = bench.judge(run, last.path / MODEL, STAGES[2])
    counts: dict[str, float] = {
        "examples": len(kept.examples),
        "held out": len(held),
        "judged": len(bench.held),
        "too long": kept.too_long,
    }
    return TeachingCourse(counts=counts, figures=figures, cold=cold, last=last, shelf=shelf)


def _plan(ask: DistillTrainAsk, kept: Fitting, held: list[Example], out: Path) -> Result:
    updates = ask.training.updates(len(kept.examples), 0.0)
    grpo = ask.reinforcement
    drawn = grpo.steps * grpo.group * grpo.prompts
    steps = [
        f"embed the rated texts of {ask.corpus}",
        f"cold start {ask.model} on {len(kept.examples):,} examples: {updates:,} steps",
        f"GRPO for {grpo.steps:,} steps: {drawn:,} replies of at most {grpo.longest:,} tokens",
        f"judge {len(held[: ask.judged or None]):,} held-out examples at each stage",
        f"publish to {out}",
    ]
    judged = len(held[: ask.judged or None]) * (2 + bool(grpo.steps))
    longest = ask.training.max_length
    written = (drawn + judged) * grpo.longest
    work = ModelWork(
        trained=updates * min(ask.training.batch, len(kept.examples)) * kept.length + drawn * longest / 2,
        read=drawn * longest / 2,
        written=written,
        loads=4,
    )
    files = [{"file": str(ask.corpus), "rows": len(kept.examples) + kept.too_long + len(held)}]
    plan = {"files": files, "steps": steps, "rows": len(kept.examples), "tokens": work.tokens, "notes": []}
    return Result(out, {"plan": {**plan, "seconds": round(work.seconds(ask.base))}})
