"""MDIT at 1,000,000 blends over 89,189 rows: time and peak memory; and what training on blends costs per token.

python bench/interpolation.py [--quick]. The vectors are those of the .npy file that ``CUVEE_VECTORS`` names, else random.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cuvee.arrays import F32
from cuvee.errors import CuveeError
from cuvee.interpolation import keeping, pairs
from cuvee.interpolation.mixing import Mixing, mix
from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training.meeting import Spans
from cuvee.training.mixture import Mixture, joined, real

ROWS, DIMENSIONS, TASKS, BUDGET = 89_189, 256, 294, 10_000
TURNS = 6


def vectors(n: int) -> F32:
    """Return (n, d) vectors, memory-mapped as in a run."""
    named = os.environ.get("CUVEE_VECTORS")
    if named:
        mapped: F32 = np.load(named, mmap_mode="r")
        return mapped[:n]
    path = Path(tempfile.mkdtemp()) / "vectors.npy"
    np.save(path, np.random.default_rng(0).normal(size=(n, DIMENSIONS)).astype(np.float32))
    random: F32 = np.load(path, mmap_mode="r")
    return random


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mixing(n: int, blends: int) -> None:
    """Print the seconds of every part, then the whole once more as it is called, and the peak memory of both."""
    X, rng = vectors(n), np.random.default_rng(1)
    keys, tasks = rng.integers(0, 2**63, n).astype(np.uint64), rng.integers(0, TASKS, n)
    lengths = rng.integers(20, 500, (n, 2))
    kind = "real" if "CUVEE_VECTORS" in os.environ else "random"
    print(
        f"{n:,} rows x {X.shape[1]} ({kind} vectors), {TASKS} tasks, {blends:,} blends, 100 clusters, {BUDGET:,} kept\n"
    )
    print("| part | seconds | peak MB of the process so far |\n| --- | ---: | ---: |")
    print(f"| start | | {peak_mb():,.0f} |")

    def timed(name: str, work: Callable[[], object]) -> object:
        start = time.perf_counter()
        done = work()
        print(f"| {name} | {time.perf_counter() - start:.1f} | {peak_mb():,.0f} |", flush=True)
        return done

    given = pairs.PairRows(keys, tasks)
    drawn = pairs.draw(given, blends, alpha=1.0, seed=0)
    timed("draw pairs and lambda", lambda: pairs.draw(given, blends, alpha=1.0, seed=0))
    timed(
        "the same, of similar lengths",
        lambda: pairs.draw(pairs.PairRows(keys, tasks, lengths), blends, alpha=1.0, seed=0),
    )
    total = joined(real(np.arange(n, dtype=np.int64)), drawn)
    for density in keeping.DENSITIES:
        timed(f"cluster and density, {density}", lambda d=density: keeping.group(total, X, 100, density=d, seed=0))  # type: ignore[misc]
    timed("all of it", lambda: mix(X, pairs.PairRows(keys, tasks), BUDGET, Mixing(count=blends), seed=0))
    print(f"\n(n + T) x d as one matrix would be {(n + blends) * X.shape[1] * 4 / 1e6:,.0f} MB.\n")


def training(quick: bool) -> None:
    """Print what a pass of blends costs beside plain rows of the same padded length, forward and backward, in turns."""
    from cuvee.models import causal

    print("| model | tokens of a pass | plain rows, s | real rows as a mixture, s | blends, s | blends / plain |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in ("tiny", "smollm2-135m"):
        try:
            model = causal.load(name, device="cpu")
        except CuveeError as missing:
            print(f"| {name} | not run: {missing.message} | | | | |")
            continue
        count, length = 4, 64 if quick else 256
        taken = compare(sides(model, count, length), 3 if quick else TURNS)
        model.model.zero_grad(set_to_none=True)
        seconds = " | ".join(f"{taken[side]:.3f}" for side in taken)
        print(f"| {name} | {count * length:,} | {seconds} | {taken['blends'] / taken['plain']:.2f} |", flush=True)
    print("\nForward and backward; the best of several turns, one side after the other on the same machine.")
    print("Targets: 3 GB at most for the blends, 1.2 times at most for a pass of them.")


def sides(model: Causal, count: int, length: int) -> dict[str, Callable[[], Any]]:
    """Return the loss of a pass of rows by the model's own, of the same rows as a mixture, and of as many blends."""
    import torch

    from cuvee.training.batches import collate
    from cuvee.training.mixed_batches import collate_mixture
    from cuvee.training.mixed_loss import mixed_loss

    rng, size = np.random.default_rng(0), int(model.model.get_input_embeddings().weight.shape[0])
    answer = np.arange(length) >= length // 3
    rows = [Encoded(rng.integers(1, size, length).astype(np.int32), answer) for _ in range(2 * count)]
    at, share, items = np.arange(count), rng.random(count).astype(np.float32), torch.tensor(float(count * answer.sum()))
    spans = Spans.of(rows, 2 * length)
    plain, alone = collate(rows[:count], 0), collate_mixture(real(at), rows, spans, 0)
    blended = collate_mixture(Mixture(at, at + count, share), rows, spans, 0)
    return {
        "plain": lambda: model.model(**plain, num_items_in_batch=items).loss,
        "rows": lambda: mixed_loss(model.model, alone, items),
        "blends": lambda: mixed_loss(model.model, blended, items),
    }


def compare(losses: dict[str, Callable[[], Any]], turns: int) -> dict[str, float]:
    """Return the least seconds of every side over so many turns, after one to warm up."""
    taken = dict.fromkeys(losses, np.inf)
    for turn in range(1 + turns):
        for side, loss in losses.items():
            start = time.perf_counter()
            loss().backward()
            seconds = time.perf_counter() - start
            taken[side] = min(taken[side], seconds) if turn else np.inf
    return taken


def main() -> None:
    quick = "--quick" in sys.argv
    mixing(ROWS // 10 if quick else ROWS, 100_000 if quick else 1_000_000)
    training(quick)


if __name__ == "__main__":
    main()
