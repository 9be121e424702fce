"""Grow: a small base model with a tokenizer of its own, from scratch, on the plain text of a user's rows."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cuvee import budget as budgets
from cuvee import names, render
from cuvee.arrays import F64
from cuvee.errors import ConfigError, InputError
from cuvee.intake.read import read_inputs
from cuvee.models import catalog, causal, forward, tiny
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.result import Result
from cuvee.runs import Run, open_run, write_json
from cuvee.training import sft
from cuvee.training.settings import Training, described

LR = {"150K": 5e-3, "1M": 3e-3, "5M": 1.5e-3, "16M": 8e-4}  # the larger the model, the smaller the steps it bears
DECAY = 0.1
LEARNT_FROM = 20_000  # texts that the tokenizer learns from
HELD_OUT = 0.02


def run_grow(
    *, data: list[str], size: str, name: str | None, epochs: float, tokens: str | None, batch: int, max_length: int,
    columns: str, seed: int, out: Path | None,
) -> Result:  # fmt: skip
    """Do what ``cuvee.verbs.models.grow`` says."""
    from cuvee.commands import pairs

    shape = names.find({key: key for key in tiny.SHAPES}, size, "size")
    name = name or f"grown-{shape.lower()}"
    if name in catalog.CATALOG or "/" in name:
        raise ConfigError(f"{name!r} cannot be the name of a model of yours", "give another --name")
    budget: dict[str, Any] = {"epochs": epochs} if tokens is None else {"tokens": _tokens(tokens)}
    training = Training(**budget, lr=LR[shape], batch=batch, max_length=max_length, weight_decay=DECAY)
    with open_run(Path(out) if out else catalog.home() / "grown" / name) as run:
        columns_found = {key: str(value) for key, value in pairs(columns, "columns").items()}
        source = read_inputs(run, read)
        texts = list(dict.fromkeys(text for text in render.plain_column(source.table["messages"]) if text.strip()))
        step = run.step(
            "grow",
            {"texts": source.fingerprint, "size": shape, "training": described(training), "seed": seed},
            lambda folder: _grow(texts, shape, training, seed, folder),
            resumable=True,
        )
        return _installed(run, step.path, name, [str(path) for path in data], seed)


def _tokens(text: str) -> int:
    budget = budgets.parse(text if text.endswith(("tok", "tokens")) else f"{text}tok")
    return int(budget.amount)


def _grow(texts: Sequence[str], shape: str, training: Training, seed: int, folder: Path) -> None:
    if len(texts) < 10:
        raise InputError(f"{len(texts)} different texts are too few for a model", "give more rows")
    if not (folder / "untrained/config.json").is_file():
        tiny.make(folder / "untrained", seed=seed, size=shape, texts=texts[:LEARNT_FROM])
    model = causal.load(folder / "untrained", dtype="float32")
    rows = documents(texts, model.tokenizer, training.max_length)
    held = np.arange(0, len(rows), round(1 / HELD_OUT))
    seen = [row for at, row in enumerate(rows) if at % round(1 / HELD_OUT)]
    say(
        f"growing {sum(p.numel() for p in model.model.parameters()):,} parameters on {sum(map(len, seen)):,} tokens of text"
    )
    trained = sft.train(model, seen, training, folder / "model", seed=seed)
    loss = mean_loss(forward.passes(trained.model, [rows[at] for at in held], label="judging"))
    figures = {"held-out loss": loss, "tokens": trained.tokens, "steps": trained.steps, "curve": trained.curve}
    write_json(folder / "figures.json", figures)
    shutil.rmtree(folder / "untrained")


def documents(texts: Sequence[str], tokenizer: Any, longest: int) -> list[Encoded]:
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


def _installed(run: Run, made: Path, name: str, data: list[str], seed: int) -> Result:
    """Put the model among the models of this machine and tell how it went."""
    import orjson

    figures = orjson.loads((made / "figures.json").read_bytes())
    target = catalog.models_folder() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(made / "model", temporary)
    shutil.rmtree(target, ignore_errors=True)
    temporary.replace(target)
    run.finish({"verb": "models grow", "name": name, "data": data, "seed": seed, "figures": figures})
    step = run.steps[-1]
    told = {
        "name": name,
        "held-out loss": f"{figures['held-out loss']:.3f} nats per token",
        "tokens": figures["tokens"],
        "steps": figures["steps"],
        "tokens per second": round(figures["tokens"] / max(step.seconds, 1e-9)),
        "first and last loss": f"{figures['curve'][0]['loss']:.3f}, {figures['curve'][-1]['loss']:.3f}",
    }
    return Result(target, {"profile": told}, [target], next=f"cuvee evolve {' '.join(data)} --model {name}")
