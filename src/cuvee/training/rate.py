"""How fast a model trains on this machine, measured in a moment."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from cuvee.models.causal import Causal, fast_bf16
from cuvee.render import Encoded
from cuvee.training.batches import collate, passes
from cuvee.training.settings import MICRO_TOKENS, Training

REPEATS = 3


def tokens_per_second(causal: Causal, rows: Sequence[Encoded], settings: Training) -> float:
    """Return about how many tokens per second are trained on, padding not counted, from one pass of typical rows.

    The best of a few passes, forward and backward, after one to warm up; the optimiser's share, small for all but short
    batches, is left out.
    Weights and random generators are left as they were.
    """
    order = np.argsort([len(row) for row in rows], kind="stable")
    middle = order[len(order) // 2 :][: settings.batch]
    lengths = np.array([len(rows[row]) for row in middle], dtype=np.int64)
    kind = "cpu" if causal.device == "cpu" else "cuda"
    group = middle[passes(lengths, settings.micro_tokens or MICRO_TOKENS[kind])[0]]
    batch = collate([rows[row] for row in group], causal.tokenizer.pad_token_id)
    moved = {name: part.to(causal.device) for name, part in batch.items()}
    taken: list[float] = []
    half = kind == "cuda" and fast_bf16(causal.device)
    with torch.random.fork_rng():
        for _ in range(1 + REPEATS):
            start = time.perf_counter()
            with torch.autocast(kind, torch.bfloat16, enabled=half):
                loss = causal.model(**moved).loss
            loss.backward()
            loss.item()
            if kind == "cuda":
                torch.cuda.synchronize()
            taken.append(time.perf_counter() - start)
    causal.model.zero_grad(set_to_none=True)
    return float(sum(len(rows[row]) for row in group) / min(taken[1:]))
