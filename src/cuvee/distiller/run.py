"""``cuvee distill train``: a corpus -> a distiller: cold start, then GRPO, judged on held-out examples."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import budget as budgets
from cuvee import embedders, render, rng
from cuvee.distiller import bayes, examples, grpo
from cuvee.distiller.examples import Example
from cuvee.distiller.grpo import Reinforcement
from cuvee.distiller.published import LIBRARY, STAGES, DistillerAsk, publish
from cuvee.distiller.rewards import Rewards, Weights
from cuvee.distiller.writing import write as reply_to
from cuvee.errors import ConfigError, InputError
from cuvee.evaluation.journal import Journal
from cuvee.models import causal
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Run, Step, digest, open_run, write_json
from cuvee.training import sft
from cuvee.training.settings import Training, described

SHOWN = 3  # held-out replies that the page shows, before and after


def run_distill_train(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.distill.distill_train`` says."""
    wanted = bind(typed)
    every = examples.load(wanted.corpus)
    seen, held = split(every, wanted.held_out, seed=wanted.seed)
    if dry_run:
        return _plan(wanted, seen, held, Path(out))
    with open_run(Path(out)) as run:
        return _train(run, wanted, seen, held)


def bind(typed: dict[str, Any]) -> DistillerAsk:
    """Check everything that can be checked without reading the corpus."""
    training = Training(
        epochs=typed["epochs"], lr=typed["lr"], batch=typed["batch"], max_length=typed["max_length"],
        lora=typed["lora"] or None,
    )  # fmt: skip
    reinforcement = Reinforcement(
        typed["steps"],
        typed["group"],
        typed["prompts"],
        typed["temperature"],
        typed["grpo_lr"],
        typed["kl"],
        typed["max_new_tokens"],
    )
    weights = Weights(typed["quality"], typed["alignment"], typed["format_weight"])
    if not 0 < typed["alike"] <= 1:
        raise ConfigError(f"alike is {typed['alike']}", "give a cosine above 0 and up to 1")
    base = causal.folder_of(typed["model"])
    return DistillerAsk(
        Path(typed["corpus"]),
        base,
        training,
        reinforcement,
        weights,
        budgets.parse(typed["held_out"]),
        typed["judged"],
        typed,
    )


def split(every: Sequence[Example], held_out: budgets.Budget, *, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples to learn from and those held out, drawn at random: no topic stands on both sides."""
    wanted = held_out.rows(len(every))
    order = rng.stream(seed, "distil", "held-out").permutation(len(every))
    held = [every[at] for at in order[:wanted]]
    taken = {topic for example in held for topic in _topics(example)}
    seen = [every[at] for at in np.sort(order[wanted:]) if not taken & set(_topics(every[at]))]
    if not seen or not held:
        raise InputError(f"{len(every)} examples are too few to hold some out", "give a larger corpus")
    return seen, held


def _topics(example: Example) -> tuple[str, ...]:
    return example.topics or (example.id,)


def _train(run: Run, wanted: DistillerAsk, seen: list[Example], held: list[Example]) -> Result:
    kept, told = _fitting(wanted, seen)
    shelf = _library(run, wanted)
    judged = held[: wanted.judged] if wanted.judged else held
    figures: dict[str, Any] = {}
    figures[STAGES[0]] = _judge(run, wanted, shelf, wanted.base, judged, STAGES[0])
    cold = _cold_start(run, wanted, kept)
    figures[STAGES[1]] = _judge(run, wanted, shelf, cold.path / "model", judged, STAGES[1])
    final = cold
    if wanted.reinforcement.steps:
        final = _reinforced(run, wanted, kept, cold, shelf)
        figures[STAGES[2]] = _judge(run, wanted, shelf, final.path / "model", judged, STAGES[2])
    return publish(
        run,
        wanted,
        {"examples": len(kept), "held out": len(held), "judged": len(judged), **told},
        figures,
        cold,
        final,
        shelf,
    )


def _fitting(wanted: DistillerAsk, seen: list[Example]) -> tuple[list[Example], dict[str, int]]:
    """Return the examples whose prompt leaves room for a reply; the others are counted."""
    tokenizer, longest = causal.tokenizer_of(wanted.base), wanted.training.max_length
    rows = render.encode_all([example.messages() for example in seen], tokenizer)
    kept = [example for example, row in zip(seen, rows, strict=True) if len(row) <= longest]
    if not kept:
        raise InputError(f"no example fits into {longest} tokens", "raise --max-length")
    return kept, {"too long": len(seen) - len(kept)}


def _library(run: Run, wanted: DistillerAsk) -> Step:
    """Embed the rated texts: what the quality reward, and later the rating of a pool, is judged by."""
    rated = examples.load_rated(wanted.corpus)
    embedder, _ = embedders.resolve(wanted.typed["embedder"])
    named = wanted.typed["embedder"] or embedder.name

    def make(folder: Path) -> None:
        library = bayes.build(rated, embedder, named, voters=wanted.typed["voters"])
        library.save(folder / LIBRARY)
        write_json(folder / "doubts.json", library.doubts())

    version = embedder.name if embedder.fitted else embedder.version
    step = run.step(
        "library",
        {"rated": digest([vars(row) for row in rated]), "embedder": version, "voters": wanted.typed["voters"]},
        make,
    )
    if not step.reused:
        say(f"library   {len(rated):,} rated texts by {embedder.name} in {step.seconds:.1f} s")
    return step


def _cold_start(run: Run, wanted: DistillerAsk, seen: list[Example]) -> Step:
    def make(folder: Path) -> None:
        model = causal.load(wanted.base)
        if wanted.training.lora:
            model = causal.with_lora(model, rank=wanted.training.lora, alpha=2 * wanted.training.lora, seed=wanted.seed)
        rows = render.encode_all(
            [example.messages() for example in seen], model.tokenizer, max_length=wanted.training.max_length
        )
        say(f"cold start on {len(rows):,} examples, {model.device}")
        done = sft.train(model, rows, wanted.training, folder / "model", seed=wanted.seed)
        write_json(folder / "curve.json", done.curve)

    depends = {
        "examples": digest([example.messages() for example in seen]), "base": causal.version_of(wanted.base),
        "training": described(wanted.training), "seed": wanted.seed,
    }  # fmt: skip
    step = run.step("cold-start", depends, make, resumable=True)
    return step


def _reinforced(run: Run, wanted: DistillerAsk, seen: list[Example], cold: Step, shelf: Step) -> Step:
    def make(folder: Path) -> None:
        model = causal.load(cold.path / "model", dtype="float32")
        if wanted.training.lora:
            model = causal.with_lora(model, rank=wanted.training.lora, alpha=2 * wanted.training.lora, seed=wanted.seed)
        say(f"GRPO on {len(seen):,} examples: {wanted.reinforcement.steps} steps, {model.device}")
        lesson = grpo.Lesson(seen, _rewards(wanted, shelf))
        curve = grpo.reinforce(model, lesson, wanted.reinforcement, folder / "checkpoints", seed=wanted.seed)
        trained = model.model.merge_and_unload() if wanted.training.lora else model.model
        trained.save_pretrained(folder / "model")
        model.tokenizer.save_pretrained(folder / "model")
        for path in (folder / "model").glob("*.safetensors"):
            path.chmod(0o644)
        write_json(folder / "curve.json", curve)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)

    depends = {
        "cold": cold.fingerprint, "library": shelf.fingerprint, "grpo": grpo.described(wanted.reinforcement),
        "weights": vars(wanted.weights), "alike": wanted.typed["alike"], "seed": wanted.seed,
    }  # fmt: skip
    return run.step("grpo", depends, make, resumable=True)


def _rewards(wanted: DistillerAsk, shelf: Step) -> Rewards:
    return Rewards(bayes.load(shelf.path / LIBRARY), wanted.weights, wanted.typed["alike"])


def _judge(run: Run, wanted: DistillerAsk, shelf: Step, model: Path, held: list[Example], stage: str) -> dict[str, Any]:
    """Let a model answer the held-out prompts; return the mean of every reward, by kind too, and a few replies."""

    def make(folder: Path) -> None:
        loaded = causal.load(model)
        talks = [examples.asked(example.kind, example.variants) for example in held]
        said = reply_to(
            loaded, talks, wanted.sampling, Journal(folder / "replies.jsonl"), label=f"judging: {stage}"
        ).replies
        every = Rewards(bayes.load(shelf.path / LIBRARY), Weights(1.0, 1.0, 1.0), wanted.typed["alike"])
        parts = [every.parts(e.kind, one.text, e.answer, e.id) for e, one in zip(held, said, strict=True)]
        for part in parts:
            part["total"] = Rewards(every.library, wanted.weights).total(part)
        told = means(parts, [example.kind for example in held])
        shown = [
            {"kind": e.kind, "prompt": e.prompt, "reply": one.text} for e, one in zip(held[:SHOWN], said, strict=False)
        ]
        write_json(folder / "told.json", {**told, "shown": shown})

    depends = {
        "model": causal.version_of(model), "held": digest([(e.prompt, e.answer) for e in held]), "library": shelf.fingerprint,
        "sampling": vars(wanted.sampling), "weights": vars(wanted.weights), "alike": wanted.typed["alike"],
    }  # fmt: skip
    step = run.step(f"judge-{stage.replace(' ', '-')}", depends, make, resumable=True)
    told: dict[str, Any] = orjson.loads((step.path / "told.json").read_bytes())
    over = told["over all"]
    say(f"{stage}: form kept by {over['compliant']:.0%} of {len(held):,} held-out replies, reward {over['total']:.3f}")
    return told


def means(parts: Sequence[Mapping[str, float]], kinds: Sequence[str]) -> dict[str, Any]:
    """Return the mean of every reward over all and by kind; compliant: the share whose format reward is 1."""

    def mean(rows: list[Mapping[str, float]]) -> dict[str, float]:
        told = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        return {**told, "compliant": float(np.mean([row["format"] == 1 for row in rows])), "replies": len(rows)}

    by_kind = {
        kind: mean([row for row, its in zip(parts, kinds, strict=True) if its == kind]) for kind in sorted(set(kinds))
    }
    return {"over all": mean(list(parts)), "by kind": by_kind}


def _plan(wanted: DistillerAsk, seen: list[Example], held: list[Example], out: Path) -> Result:
    kept, _ = _fitting(wanted, seen)
    updates = wanted.training.updates(len(kept), 0.0)
    drawn = wanted.reinforcement.steps * wanted.reinforcement.group * wanted.reinforcement.prompts
    steps = [
        f"embed the rated texts of {wanted.corpus}",
        f"cold start {wanted.typed['model']} on {len(kept):,} examples: {updates:,} steps",
        f"GRPO for {wanted.reinforcement.steps:,} steps: {drawn:,} replies of at most {wanted.reinforcement.longest:,} tokens",
        f"judge {len(held[: wanted.judged or None]):,} held-out examples at each stage",
        f"publish to {out}",
    ]
    files = [{"file": str(wanted.corpus), "rows": len(seen) + len(held)}]
    return Result(out, {"plan": {"files": files, "steps": steps, "notes": []}})
