"""How many trials of a proof an hour holds, with and without a trunk: python -m bench.trunk [MODEL [LAYERS]].

A trial is what ``cuvee prove`` does for one arm and one seed: a fresh model, its training, its losses on the questions.
Measured is processor time of one thread, so that a busy machine does not count; the first trial, which fills the trunk, is told
apart. Later ones draw other rows of the pool, as seeds do.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee.evaluation import heldout
from cuvee.intake.readable import as_asked, as_read, can_teach
from cuvee.models import causal
from cuvee.render import Encoded
from cuvee.samples.read import read
from cuvee.training import sft
from cuvee.training.fresh import fresh
from cuvee.training.settings import Training

POOL = Path(__file__).parents[2] / "shared/data/pool/dolly_3k.json"
ROWS, QUESTIONS, TRIALS = 16, 20, 2
SETTINGS = Training(epochs=2, lr=1e-4, batch=8, max_length=96)


def rows_of(base: Path) -> tuple[list[Encoded], list[Encoded]]:
    """Return rows to learn from and questions, drawn from Dolly."""
    table = pa.Table.from_batches(read(str(POOL)).batches())
    order = np.random.default_rng(0).permutation(table.num_rows)
    tokenizer, longest = causal.tokenizer_of(base), SETTINGS.max_length
    rows = as_read(table.take(pa.array(order[:400])), tokenizer, longest)
    asked = as_asked(table.take(pa.array(order[400:600])), tokenizer, longest)
    return [row for row in rows if can_teach(row)], [row for row in asked if can_teach(row)][:QUESTIONS]


def trial(base: Path, settings: Training, rows: list[Encoded], asked: list[Encoded], seed: int) -> tuple[float, float]:
    """Return the processor seconds of one trial, and the mean loss on the questions."""
    start = time.process_time()
    trained = sft.train(fresh(base, settings, seed=seed), rows, settings, None, seed=seed)
    loss = float(np.nanmean(heldout.losses(trained.model, asked).mean))
    return time.process_time() - start, loss


def main() -> None:
    """Print the table."""
    import torch

    torch.set_num_threads(1)
    base = causal.folder_of(sys.argv[1] if len(sys.argv) > 1 else causal.DEFAULT)
    layers = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    pool, asked = rows_of(base)
    print("| trunk | first trial, s | later trials, s | trials an hour | loss |\n| --- | ---: | ---: | ---: | ---: |")
    for trunk in (layers, None):
        settings = replace(SETTINGS, trunk=trunk)
        draws = [np.random.default_rng(seed).permutation(len(pool))[:ROWS] for seed in range(TRIALS)]
        found = [trial(base, settings, [pool[row] for row in rows], asked, seed) for seed, rows in enumerate(draws)]
        later = float(np.mean([seconds for seconds, _ in found[1:]]))
        losses = ", ".join(f"{loss:.3f}" for _, loss in found)
        print(f"| {trunk or 'none'} | {found[0][0]:.1f} | {later:.1f} | {3_600 / later:.0f} | {losses} |", flush=True)


if __name__ == "__main__":
    main()
