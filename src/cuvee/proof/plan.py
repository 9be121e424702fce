"""``cuvee prove --dry-run``: how many trainings, how many tokens, about how long, without reading more than a sample."""

import struct
import time
from pathlib import Path

import numpy as np
import orjson

from cuvee.intake import plan as plans
from cuvee.models.causal import tokenizer_of
from cuvee.proof.asked import ProofAsk
from cuvee.result import Result

START = 1.5  # seconds that a training takes beside its updates
EFFICIENCY = 0.5  # what training reaches of the machine's matrix product (FEASIBILITY 3.2: about half on a CPU)


def plan(wanted: ProofAsk, out: Path) -> Result:
    """Say what would be done: trainings, updates, tokens, and the time they take on this machine, to a factor of about two."""
    planned = plans.plan(wanted.ground, out)
    told = planned.summary["plan"]
    tokenizer_of(wanted.base)  # a model without one fails here, not after the data was read
    size = sum(file["bytes"] for file in told["files"])
    length = min(wanted.training.max_length, size / 4 / max(1, told["rows"]))
    held = 0 if wanted.on else wanted.held_out.rows(told["rows"])
    pool = max(1, told["rows"] - held)
    k = round(wanted.budget.amount / max(1.0, length)) if wanted.budget.kind == "tokens" else wanted.budget.rows(pool)
    k = min(max(1, k), pool)
    trained = [arm for arm in wanted.arms if arm.kind.chance]
    sizes = [pool if arm.label == "full" and wanted.typed["same"] == "epochs" else k for arm in trained]
    rows = sum(wanted.training.updates(n, length) * min(wanted.training.batch, k) for n in sizes) * len(wanted.seeds)
    judged = (len(trained) * len(wanted.seeds) + len(wanted.arms) - len(trained)) * held
    flops = parameters(wanted.base) * length * (6 * rows + 2 * judged)
    told["steps"] = [
        "read, clean and embed",
        f"judge on {', '.join(wanted.on)}" if wanted.on else f"hold out about {held:,} rows",
        f"train {len(trained)} arms x {len(wanted.seeds)} seeds = {len(trained) * len(wanted.seeds)} models: "
        f"{', '.join(arm.label for arm in trained)}",
        f"take {wanted.training.updates(k, length):,} updates of {min(wanted.training.batch, k)} rows for a budget of "
        f"{k:,} rows: about {rows * length:,.0f} tokens in all",
        f"judge {len(trained) * len(wanted.seeds) + len(wanted.arms) - len(trained)} models on every question",
        f"compare with {wanted.typed['reference']} and publish to {out}",
    ]
    told["seconds"] += round(flops / (EFFICIENCY * speed()) + START * len(trained) * len(wanted.seeds))
    return planned


def parameters(folder: Path) -> int:
    """Return the number of parameters of a model folder, read from the heads of its safetensors files."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            head = orjson.loads(file.read(length))
        total += sum(int(np.prod(tensor["shape"])) for name, tensor in head.items() if name != "__metadata__")
    return total


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
