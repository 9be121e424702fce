"""``cuvee prove --dry-run``: how many trainings, how many tokens, about how long, without reading more than a sample."""

import math
import re
import struct
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee.intake.plan import Expected, expect
from cuvee.models.causal import tokenizer_of
from cuvee.proof import power, rates
from cuvee.proof.arms import FULL
from cuvee.proof.asked import EPOCHS, ProofAsk
from cuvee.result import Result

START = 1.5  # seconds that a training takes beside its updates
EFFICIENCY = 0.5  # what training reaches of the machine's matrix product (FEASIBILITY 3.2: about half on a CPU)


def plan(ask: ProofAsk, out: Path) -> Result:
    """Say what would be done: trainings, updates, tokens, and the time they take on this machine, to a factor of about two."""
    expected = expect(ask.pool)
    tokenizer_of(ask.base)  # a model without one fails here, not after the data was read
    work = _work(ask, expected)
    flops = _flops(ask, work)
    seconds = expected.seconds + flops / (EFFICIENCY * speed()) + START * work.models
    return expected.result(out, _steps(ask, work, out), seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """About what a proof takes.

    length: tokens of a row. held: questions. k: rows of the budget. models: that are trained; judged: those and the models as
    they are. rows: that all trainings read, so many of them different.
    """

    length: float
    held: int
    k: int
    models: int
    judged: int
    rows: int
    distinct: int


def _work(ask: ProofAsk, expected: Expected) -> _Work:
    length = min(ask.training.max_length, expected.size / 4 / max(1, expected.rows))
    held = 0 if ask.on else ask.held_out.rows(expected.rows)
    pool = max(1, expected.rows - held)
    k = round(ask.budget.amount / max(1.0, length)) if ask.budget.kind == "tokens" else ask.budget.rows(pool)
    k = min(max(1, k), pool)
    trained = [arm for arm in ask.arms if arm.kind.chance]
    sizes = [pool if arm.label == FULL and ask.same == EPOCHS else k for arm in trained]
    updates = sum(ask.training.updates(n, length) for n in sizes) * (len(ask.seeds) + rates.SEEDS * len(ask.rates))
    models = len(trained) * (len(ask.seeds) + rates.SEEDS * len(ask.rates))
    return _Work(
        length=length,
        held=held,
        k=k,
        models=models,
        judged=models + len(ask.arms) - len(trained),
        rows=updates * min(ask.training.batch, k),
        distinct=min(pool, k * models),
    )


def _flops(ask: ProofAsk, work: _Work) -> float:
    """Return about how many operations the trainings and readings take; a trunk reads every row and question once."""
    whole, above = parameters(ask.base), parameters(ask.base, above=ask.training.trunk or 0)
    once = (work.distinct + work.held) if ask.training.trunk else 0
    return work.length * (above * (6 * work.rows + 2 * work.judged * work.held) + 2 * (whole - above) * once)


def _steps(ask: ProofAsk, work: _Work, out: Path) -> list[str]:
    trained = [arm.label for arm in ask.arms if arm.kind.chance]
    return [
        "read, clean and embed",
        f"judge on {', '.join(ask.on)}" if ask.on else f"hold out about {work.held:,} rows",
        f"train {len(trained)} arms x {len(ask.seeds)} seeds = {len(trained) * len(ask.seeds)} models: {', '.join(trained)}",
        *_tried(ask, len(trained)),
        f"take {ask.training.updates(work.k, work.length):,} updates of {min(ask.training.batch, work.k)} rows "
        f"for a budget of {work.k:,} rows: about {work.rows * work.length:,.0f} tokens in all",
        f"judge {work.judged} models on every question",
        f"compare with {ask.judged_by.reference} and publish to {out}",
        *([] if ask.on else [power.line(ask, work.held, out)]),
    ]


def _tried(ask: ProofAsk, arms: int) -> list[str]:
    if not ask.rates:
        return []
    return [f"before, {arms} arms x {len(ask.rates)} learning rates x {rates.SEEDS} seeds to choose each arm's rate"]


def parameters(folder: Path, *, above: int = 0) -> int:
    """Return the number of parameters of a model folder, read from the heads of its safetensors files.

    above: leave out so many lower layers.
    """
    total = 0
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            head = orjson.loads(file.read(length))
        total += sum(
            int(np.prod(tensor["shape"]))
            for name, tensor in head.items()
            if name != "__metadata__" and _layer(name) >= above
        )
    return total


def _layer(name: str) -> float:
    """Return the number of the layer that a weight belongs to; what is in none counts as above all."""
    found = re.search(r"layers\.(\d+)\.", name)
    return int(found[1]) if found else math.inf


def speed() -> float:
    """Return the floating-point operations per second of this machine's matrix product, measured in a moment."""
    import torch

    if torch.cuda.is_available():
        device, n = "cuda", 8_192
        kind = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    else:
        device, n, kind = "cpu", 1_024, torch.float32
    A = torch.ones((n, n), dtype=kind, device=device)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        float((A @ A)[0, 0])
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best
