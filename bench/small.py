"""What a short training of a toy model takes, beside the same one with the trainer's own collection of garbage.

python bench/small.py
"""

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np

from cuvee import render
from cuvee.models import causal
from cuvee.training import loop, sft
from cuvee.training.settings import Training

TRAININGS, ROUNDS = 6, 3


def seconds(folder: Path) -> float:
    """Return the seconds of one training of 8 steps."""
    model = causal.load("tiny")
    said = [("say the number {} again please", "user"), ("it is the number {} as you said", "assistant")]
    talks = [[{"role": role, "content": text.format(n), "extra": None} for text, role in said] for n in range(30)]
    rows = render.encode_all(talks, model.tokenizer, max_length=96)
    start = time.perf_counter()
    sft.train(model, rows, Training(steps=8, lr=3e-3, batch=8, max_length=96), folder, seed=0)
    return time.perf_counter() - start


def main() -> None:
    """Time both ways in turns and print their medians."""
    with tempfile.TemporaryDirectory() as folder:
        seconds(Path(folder) / "first")  # imports
        found: dict[str, list[float]] = {"without": [], "with": []}
        for number in range(ROUNDS * TRAININGS):
            found["without"].append(seconds(Path(folder) / f"a{number}"))
            with mock.patch.object(loop, "unhurried", lambda model: nullcontext()):
                found["with"].append(seconds(Path(folder) / f"b{number}"))
    without, with_ = (float(np.median(found[name])) for name in ("without", "with"))
    print(f"8 steps of a toy model: {without:.3f} s, with the collection {with_:.3f} s ({with_ / without:.1f} x)")


if __name__ == "__main__":
    main()
