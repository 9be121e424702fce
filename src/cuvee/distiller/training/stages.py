"""The steps of a training: the library of rated texts, the cold start, GRPO."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cuvee import disk, embedders
from cuvee.distiller import bayes, examples, grpo
from cuvee.distiller.examples import Example
from cuvee.distiller.rewards import Rewards, Weighing
from cuvee.distiller.training.asked import DistillTrainAsk
from cuvee.distiller.training.split import Fitting
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.runs import Run, Step, digest, write_json
from cuvee.training import sft
from cuvee.training.fresh import adapted, fresh
from cuvee.training.settings import described

LIBRARY = "library"
MODEL = "model"  # the folder of a step that holds its weights
CURVE, DOUBTS, TRUST = "curve.json", "doubts.json", "trust.json"


def library(run: Run, ask: DistillTrainAsk) -> Step:
    """Embed the rated texts: what the quality reward, and later the rating of a pool, is judged by."""
    rated = examples.load_rated(ask.corpus)
    embedder, _ = embedders.resolve(ask.embedder)

    def make(folder: Path) -> None:
        built = bayes.build(rated, embedder, ask.embedder or embedder.name, voters=ask.voters)
        built.save(folder / LIBRARY)
        write_json(folder / DOUBTS, built.doubts())
        write_json(folder / TRUST, built.trust())

    version = embedder.name if embedder.fitted else embedder.version
    depends = {"rated": digest([vars(row) for row in rated]), "embedder": version, "voters": ask.voters}
    step = run.step("library", depends, make)
    if not step.reused:
        say(f"library   {len(rated):,} rated texts by {embedder.name} in {step.seconds:.1f} s")
    return step


def cold_start(run: Run, ask: DistillTrainAsk, seen: Fitting) -> Step:
    """Teach the form by supervised training."""

    def make(folder: Path) -> None:
        model = fresh(ask.base, ask.training, seed=ask.seed)
        say(f"cold start on {len(seen.rows):,} examples, {model.device}")
        done = sft.train(model, seen.rows, ask.training, folder / MODEL, seed=ask.seed)
        write_json(folder / CURVE, done.curve)

    depends = {
        "examples": digest([example.messages() for example in seen.examples]),
        "base": causal.version_of(ask.base),
        "training": described(ask.training),
        "seed": ask.seed,
    }
    return run.step("cold-start", depends, make, resumable=True)


def weighing(ask: DistillTrainAsk, shelf: Step) -> Weighing:
    """Return what each reward counts, once the library's ratings are known: those that tell little are left out."""
    return replace(ask.weights, doubted=frozenset(bayes.load(shelf.path / LIBRARY).doubted()))


def reinforced(run: Run, ask: DistillTrainAsk, seen: Sequence[Example], cold: Step, shelf: Step) -> Step:
    """Go on from the cold start by GRPO; shelf: the step with the library."""
    weights = weighing(ask, shelf)

    def make(folder: Path) -> None:
        model = causal.load(cold.path / MODEL, dtype="float32")  # its small steps vanish in 16 bits
        model = adapted(model, ask.training.lora, seed=ask.seed)
        say(f"GRPO on {len(seen):,} examples: {ask.reinforcement.steps} steps, {model.device}")
        rewards = Rewards(bayes.load(shelf.path / LIBRARY), weights, ask.alike, ask.aligned_by)
        lesson = grpo.Lesson(seen, rewards)
        curve = grpo.reinforce(model, lesson, ask.reinforcement, folder / "checkpoints", seed=ask.seed)
        _save(model, ask, folder / MODEL)
        write_json(folder / CURVE, curve)
        disk.remove_folder(folder / "checkpoints")

    depends = {
        "cold": cold.fingerprint,
        "library": shelf.fingerprint,
        "grpo": grpo.described(ask.reinforcement),
        "weights": {kind: vars(its) for kind, its in weights.by_kind().items()},
        "aligned": [ask.aligned_by, ask.alike],
        "seed": ask.seed,
    }
    return run.step("grpo", depends, make, resumable=True)


def _save(model: Causal, ask: DistillTrainAsk, folder: Path) -> None:
    trained = model.model.merge_and_unload() if ask.training.lora else model.model
    with disk.library(disk.folder(folder)):
        trained.save_pretrained(folder)
        model.tokenizer.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # the library writes 0600, which others cannot read
