"""What RAISE's policy costs beside a training step: python bench/policy.py [--quick].

The training step is that of a model of SmolLM2-135M's shape with random weights, which costs what the real one costs: 4 rows of
256 tokens, forward, backward and AdamW. The pool is random; a policy's cost does not depend on what it sees. Times are of the
processor (all threads), so that other work on the machine moves them less than a clock's.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import torch

from cuvee.adaptation import ppo, state
from cuvee.adaptation.feed import Picked, Picking
from cuvee.adaptation.folder import Policy

STEPS, PER_CLUSTER, CLUSTERS, SUBSET = 100, 8, 2, 0.05
ROWS, LARGE = 20_000, 1_000_000
TOKENS = (4, 256)


def columns(rows: int, folder: Path) -> state.SeenRows:
    """Return random columns of so many rows, memory-mapped."""
    path = folder / f"columns-{rows}.npy"
    target = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, state.STATIC))
    chance = np.random.default_rng(0)
    for start in range(0, rows, 100_000):
        target[start : start + 100_000] = chance.normal(size=(min(100_000, rows - start), state.STATIC))
    target.flush()
    del target
    labels = chance.integers(CLUSTERS, size=rows)
    return state.SeenRows.of(np.load(path, mmap_mode="r"), labels)


def policy() -> Policy:
    draw = np.random.default_rng(1)
    basis = state.fit(draw.normal(size=(500, 6)).astype(np.float32), draw.normal(size=(500, 40)).astype(np.float32))
    made = Policy.fresh(basis, seed=0)
    with torch.no_grad():
        made.network.layers[-1].weight.normal_(0, 0.1)
    return made


def choosing(feed: Picked, steps: int) -> tuple[float, float]:
    """Return the median seconds of a decision, and of what a checkpoint holds of it."""
    chosen, kept = [], []
    for step in range(steps):
        start = time.process_time()
        feed.next(step)
        feed.observe(step, -3.0 + 0.01 * step)
        chosen.append(time.process_time() - start)
        start = time.process_time()
        orjson.dumps(feed.state())
        kept.append(time.process_time() - start)
    return float(np.median(chosen)), float(np.median(kept))


def learning(rows: state.SeenRows) -> float:
    """Return the seconds of one update from an episode of STEPS steps on SUBSET of the rows."""
    learnt = policy()
    part = rows.some(np.random.default_rng(2).permutation(len(rows))[: int(SUBSET * len(rows))])
    feed = Picked(part, learnt, Picking(PER_CLUSTER, STEPS, seed=3, limit=4), start=-3.0)
    choosing(feed, STEPS)
    start = time.process_time()
    ppo.update(learnt.network, learnt.critic, ppo.Experience(feed.episode(), [], 1.0), ppo.Learner(), seed=0)
    return time.process_time() - start


def training_step() -> Callable[[], None]:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=49_152, hidden_size=576, intermediate_size=1_536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, tie_word_embeddings=True,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    ids = torch.randint(49_152, TOKENS)

    def step() -> None:
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def median(work: Callable[[], None], times: int) -> float:
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return float(np.median(found))


def _resident() -> int:
    """Return the bytes of this process that are in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def main() -> None:
    quick = "--quick" in sys.argv
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as place:
        rows = columns(ROWS, Path(place))
        feed = Picked(rows, policy(), Picking(PER_CLUSTER, STEPS, seed=1, limit=4), start=-3.0)
        chosen, kept = choosing(feed, 20 if quick else STEPS)
        learnt = learning(rows) / STEPS
        work = training_step()
        work()
        step = median(work, 2 if quick else 5)
        print(
            f"{ROWS:,} rows, {CLUSTERS} clusters x {PER_CLUSTER} rows; a training step of {TOKENS[0]} x {TOKENS[1]} tokens;"
        )
        print(f"{torch.get_num_threads()} threads.\n")
        print("| what | CPU ms per step | share of a training step |\n| --- | ---: | ---: |")
        print(f"| training step, SmolLM2-135M's shape | {1e3 * step:,.0f} | |")
        parts = {
            "score all rows and pick": chosen,
            "what a checkpoint keeps of it": kept,
            f"PPO, per step of an episode on {SUBSET:.0%} of the rows": learnt,
        }
        parts["all of it"] = sum(parts.values())
        for name, seconds in parts.items():
            print(f"| {name} | {1e3 * seconds:,.1f} | {seconds / step:.2%} |")
        del feed, work
        gc.collect()
        large = columns(LARGE // 10 if quick else LARGE, Path(place))
        before = _resident()
        feed = Picked(large, policy(), Picking(PER_CLUSTER, STEPS, every=10, limit=4), start=-3.0)
        chosen, _ = choosing(feed, 1)
        grown = (_resident() - before) / 2**20
        print(
            f"\n{len(large):,} rows, memory-mapped: one decision takes {chosen:.2f} CPU s and leaves {grown:,.0f} MB resident;"
        )
        print(f"with --every 10 that is {chosen / 10 / step:.1%} of a training step.")


if __name__ == "__main__":
    main()
