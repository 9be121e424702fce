"""Grow: a small base model with a tokenizer of its own, from scratch, on the plain text of a user's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson

from cuvee import budget as budgets
from cuvee import commands, disk, names, render
from cuvee.arrays import F64
from cuvee.commands import Mistakes, Setting
from cuvee.disk import sums
from cuvee.errors import ConfigError, InputError
from cuvee.intake.plan import foreseen
from cuvee.intake.read import Source, read_inputs
from cuvee.intake.sources import ReadAsk, ReadOptions, bind_read
from cuvee.models import catalog, causal, forward, tiny
from cuvee.models.place import ModelPlace
from cuvee.models.speed import ModelWork
from cuvee.progress import say
from cuvee.render import Encoded, Tokenizer
from cuvee.result import Result
from cuvee.runs import Claim, Run, Step, open_run, write_json
from cuvee.training import sft
from cuvee.training.checkpoints import Curve
from cuvee.training.settings import Training, described

LR = {"150K": 5e-3, "1M": 3e-3, "5M": 1.5e-3, "16M": 8e-4}  # the larger the model, the smaller the steps it bears
DECAY = 0.1
LEARNT_FROM = 20_000  # texts that the tokenizer learns from
HELD_OUT = 0.02


@dataclass(frozen=True, kw_only=True)
class GrowOptions:
    """``cuvee models grow`` as typed."""

    read: ReadOptions
    size: str
    name: str | None
    epochs: float
    tokens: str | None
    batch: int
    max_length: int
    place: ModelPlace = field(default_factory=ModelPlace)
    seed: int


@dataclass(frozen=True, kw_only=True)
class GrowAsk:
    """A checked ``cuvee models grow``. shape: a name in ``models.tiny.SHAPES``."""

    read: ReadAsk
    shape: str
    name: str
    training: Training
    seed: int
    typed: Mapping[str, Setting]


class GrowFigures(TypedDict):
    """How a growing went; the loss is in nats per token."""

    held_out_loss: float
    tokens: int
    steps: int
    curve: Curve


def run_grow(options: GrowOptions, *, out: Path | None, dry_run: bool = False) -> Result:
    """Do what ``cuvee.verbs.models.grow`` says."""
    ask = bind(options)
    place = Path(out) if out else catalog.home() / "grown" / ask.name
    if dry_run:
        return _plan(ask, place)
    with open_run(place, Claim("models grow", ask.typed, replace=True)) as run:  # a model of that name goes for it
        source = read_inputs(run, ask.read)
        texts = list(dict.fromkeys(text for text in render.plain_column(source.table["messages"]) if text.strip()))
        depends = {"size": ask.shape, "training": described(ask.training), "seed": ask.seed}
        step = run.step(
            "grow",
            {"texts": source.fingerprint, **depends},
            lambda folder: _grow(texts, ask, folder),
            resumable=True,
        )
        return _installed(run, ask, source, step)


def bind(options: GrowOptions) -> GrowAsk:
    """Check everything that can be checked without reading the data. Raises ConfigError for all mistakes at once."""
    wrong = Mistakes()
    read = bind_read(options.read, wrong)
    shape = wrong.check(lambda: names.find({key: key for key in tiny.SHAPES}, options.size, "size"))
    name = options.name or f"grown-{options.size.lower()}"
    wrong.check(lambda: _own(name))
    options.place.check(wrong)
    training = wrong.check(lambda: _training(options, LR.get(shape, 1e-3)))
    wrong.stop()
    typed = commands.settings("models grow", options)
    return GrowAsk(read=read, shape=shape, name=name, training=training, seed=options.seed, typed=typed)


def _own(name: str) -> None:
    if name in catalog.CATALOG or "/" in name:
        raise ConfigError(f"{name!r} cannot be the name of a model of yours", "give another --name")


def _training(options: GrowOptions, lr: float) -> Training:
    tokens = None if options.tokens is None else _tokens(options.tokens)
    return Training(
        epochs=options.epochs if tokens is None else None,
        tokens=tokens,
        lr=lr,
        batch=options.batch,
        max_length=options.max_length,
        weight_decay=DECAY,
    )


def _tokens(text: str) -> int:
    budget = budgets.parse(text if text.endswith(("tok", "tokens")) else f"{text}tok")
    return int(budget.amount)


def _plan(ask: GrowAsk, out: Path) -> Result:
    """Say what would be done, and about how long it takes."""
    expected = foreseen(ask.read.data)
    tokens = ask.training.tokens or round((ask.training.epochs or 0) * expected.tokens)
    steps = [
        "read",
        f"learn a tokenizer from {min(LEARNT_FROM, expected.rows):,} texts",
        f"train {ask.shape} parameters on about {tokens:,} tokens",
        f"put the model {ask.name} beside the others",
    ]
    seconds = expected.seconds + ModelWork(trained=tokens).seconds(int(budgets.parse(ask.shape).amount))
    return expected.result(out, steps, seconds=seconds, tokens=tokens)


def _grow(texts: Sequence[str], ask: GrowAsk, folder: Path) -> None:
    if len(texts) < 10:
        raise InputError(f"{len(texts)} different texts are too few for a model", "give more rows")
    start = folder / "untrained"
    if not (start / sums.SUMS).is_file() or sums.damage(start):
        disk.remove_folder(start)
        tiny.make(start, seed=ask.seed, size=ask.shape, texts=texts[:LEARNT_FROM])
        sums.seal(start)  # it is whole
    model = causal.load(start, dtype="float32")
    rows = documents(texts, model.tokenizer, ask.training.max_length)
    held = np.arange(0, len(rows), round(1 / HELD_OUT))
    seen = [row for at, row in enumerate(rows) if at % round(1 / HELD_OUT)]
    say(
        f"growing {sum(p.numel() for p in model.model.parameters()):,} parameters on {sum(map(len, seen)):,} tokens of text"
    )
    trained = sft.train(model, seen, ask.training, folder / "model", seed=ask.seed)
    loss = mean_loss(forward.passes(trained.model, [rows[at] for at in held], label="judging"))
    figures: GrowFigures = {
        "held_out_loss": loss,
        "tokens": trained.tokens,
        "steps": trained.steps,
        "curve": trained.curve,
    }
    write_json(folder / "figures.json", figures)
    disk.remove_folder(start)


def documents(texts: Sequence[str], tokenizer: Tokenizer, longest: int) -> list[Encoded]:
    """Return pieces of at most ``longest`` tokens of each text, its end marked; every token counts in the loss."""
    rows = []
    for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]:
        whole = np.array([*ids, tokenizer.eos_token_id], dtype=np.int32)
        for start in range(0, len(whole), longest):
            piece = whole[start : start + longest]
            rows.append(Encoded(piece, np.ones(len(piece), dtype=bool)))
    return rows


def mean_loss(passed: forward.Passed) -> float:
    """Return the mean loss over all predicted tokens, in nats."""
    losses: F64 = passed.loss
    return float(np.nansum(losses) / max(int(passed.count.sum()), 1))


def _installed(run: Run, ask: GrowAsk, source: Source, made: Step) -> Result:
    """Put the model among the models of this machine and tell how it went."""
    figures: GrowFigures = orjson.loads((made.path / "figures.json").read_bytes())
    target = catalog.models_folder() / ask.name
    temporary = disk.folder(target.parent) / f".{ask.name}.new"
    disk.remove_folder(temporary)
    disk.copy_folder(made.path / "model", temporary)
    disk.remove_folder(target)
    disk.put(temporary, target)
    run.publish_folder(made, "model")
    run.conclude(
        "models grow",
        ask.typed,
        seed=ask.seed,
        inputs=source.files,
        name=ask.name,
        installed=str(target),
        figures=figures,
    )
    told = {
        "name": ask.name,
        "held-out loss": f"{figures['held_out_loss']:.3f} nats per token",
        "tokens": figures["tokens"],
        "steps": figures["steps"],
        "tokens per second": round(figures["tokens"] / max(made.seconds, 1e-9)),
        "first and last loss": f"{figures['curve'][0]['loss']:.3f}, {figures['curve'][-1]['loss']:.3f}",
    }
    command = commands.line("cuvee", "evolve", *ask.read.data, "--model", ask.name)
    return Result(target, {"profile": told}, [target], next=command)
