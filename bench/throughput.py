"""Reading real rows with SmolLM2-135M: ours against one row at a time with full logits, and against bare products.

Every side reads the same rows, in turns of a few seconds, so that other work on the machine slows all of them.
"""

import gzip
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee.errors import CuveeError
from cuvee.models import causal, forward
from cuvee.models.causal import Causal
from cuvee.render import Encoded, encode_all

DATA = Path(__file__).parents[2] / "shared/data/pool"
ROWS, LONGEST, TURNS = 120, 2_048, 4
CHUNKS = (512, 1_024)  # rows of the matrices in bare products
Side = Callable[[list[Encoded]], object]


def conversations(n: int) -> list[list[dict[str, str]]]:
    """Return n rows evenly spaced over the pool: all text columns but the last ask, the last one answers."""
    rows: list[list[str]] = []
    for path in sorted(DATA.iterdir()):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = ".jsonl" in path.suffixes
        read = [orjson.loads(line) for line in raw.split(b"\n") if line.strip()] if lines else orjson.loads(raw)
        rows += [[text for text in row.values() if isinstance(text, str) and text] for row in read]
    rows = [row for row in rows if len(row) > 1]
    chosen = [rows[at] for at in np.linspace(0, len(rows) - 1, n).astype(int)]
    return [
        [{"role": "user", "content": "\n".join(row[:-1])}, {"role": "assistant", "content": row[-1]}] for row in chosen
    ]


def scoring(model: Causal) -> Side:
    return lambda rows: forward.passes(model, rows, {"loss"})


def embedding(model: Causal) -> Side:
    return lambda rows: forward.passes(model, rows, {"hidden"})


def plain_scoring(model: Causal) -> Side:
    """The usual script: the model with labels, one row at a time, logits of every position."""
    import torch

    def read(rows: list[Encoded]) -> list[float]:
        found = []
        with torch.inference_mode():
            for row in rows:
                ids = torch.from_numpy(row.ids.astype(np.int64))[None]
                labels = torch.where(torch.from_numpy(row.answer), ids, -100)
                found.append(float(model.model(input_ids=ids, labels=labels).loss))
        return found

    return read


def plain_embedding(model: Causal) -> Side:
    """The usual script: the model with all its hidden states, one row at a time, logits of every position."""
    import torch

    def read(rows: list[Encoded]) -> list[Any]:
        with torch.inference_mode():
            return [
                model.model(torch.from_numpy(row.ids.astype(np.int64))[None], output_hidden_states=True)
                .hidden_states[-1][0]
                .mean(0)
                for row in rows
            ]

    return read


def products(model: Causal, chunk: int, *, head: bool) -> Side:
    """Return the bare products of as many tokens: every linear layer's, the two of attention, and the head's."""
    import torch

    config = model.model.config
    inner = model.model.get_decoder()
    layers = [m.weight for name, m in inner.named_modules() if isinstance(m, torch.nn.Linear)]
    vocabulary = model.model.get_output_embeddings().weight
    inputs = {n: torch.randn(LONGEST * 4, n) for n in {*(w.shape[1] for w in layers), vocabulary.shape[1]}}
    heads, width = config.num_attention_heads, config.hidden_size // config.num_attention_heads

    def multiply(rows: list[Encoded]) -> None:
        with torch.inference_mode():
            for weight, many in [(w, sum(map(len, rows))) for w in layers] + [
                (vocabulary, sum(int(row.answer.sum()) for row in rows) if head else 0)
            ]:
                for start in range(0, many, chunk):
                    inputs[weight.shape[1]][: min(chunk, many - start)] @ weight.T
            for row in rows:  # attention, causal: half of each product
                m = len(row)
                a, b = torch.randn(heads, m, width), torch.randn(heads, m // 2 + 1, width)
                for _ in range(config.num_hidden_layers):
                    (a @ b.transpose(1, 2)) @ b

    return multiply


def compare(sides: dict[str, Side], turns: Sequence[list[Encoded]]) -> dict[str, list[float]]:
    """Return the seconds of every side for every turn; which side comes first changes from turn to turn."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number, rows in enumerate(turns):
        names = list(sides)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.perf_counter()
            sides[name](rows)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def report(title: str, seconds: dict[str, list[float]], tokens: Sequence[int]) -> None:
    """Print one table: tokens/s and the median over the turns of the ratio to ours."""
    ours = np.array(seconds["cuvee"])
    print(f"| {title} | real tokens/s | cuvee's share of its speed |\n| --- | ---: | ---: |")
    for name, took in seconds.items():
        ratio = np.median(np.array(took) / ours)
        print(f"| {name} | {sum(tokens) / sum(took):,.0f} | {'' if name == 'cuvee' else f'{ratio:.2f}'} |")
    print()


def main() -> None:
    if not DATA.exists():
        print(f"not run: no real data at {DATA}")
        return
    try:
        model = causal.load("smollm2-135m", device="cpu")
    except CuveeError as missing:
        print(f"not run: {missing.message}")
        return
    n = ROWS // 4 if "--quick" in sys.argv else ROWS
    rows = encode_all(conversations(n), model.tokenizer, max_length=LONGEST)
    turns = [rows[at::TURNS] for at in range(TURNS)]
    tokens = [sum(map(len, turn)) for turn in turns]
    counted = sum(int(row.answer.sum()) for row in rows)
    print(
        f"SmolLM2-135M, float32, {len(rows):,} rows evenly spaced over ../shared/data/pool, cut at {LONGEST:,} tokens:"
    )
    print(f"{sum(tokens):,} tokens, {counted:,} of them in answers. {TURNS} turns; every side reads the same rows.\n")
    forward.passes(model, rows[:4], {"loss", "hidden"})
    for title, mine, plain, head in (
        ("scoring: loss of the answers", scoring, plain_scoring, True),
        ("embedding: mean hidden state", embedding, plain_embedding, False),
    ):
        sides: dict[str, Side] = {"cuvee": mine(model), "one row at a time, full logits": plain(model)}
        sides |= {f"bare products, {n} tokens at once": products(model, n, head=head) for n in CHUNKS}
        report(title, compare(sides, turns), tokens)


if __name__ == "__main__":
    main()
