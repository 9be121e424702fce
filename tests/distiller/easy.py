"""An easy corpus and a pool like it: short weak texts, one sentence as the answer."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee.distiller import examples
from cuvee.distiller.examples import Example, Rated

NAMES = ["apple", "bread", "candle", "door", "engine", "fence", "garden", "hammer", "island", "jacket"]
GOOD = "The answer about {0} is long enough to be read, and it names {0} twice."
WEAK = "{0}? no idea, {0} maybe."


def easy(n: int = 80) -> tuple[list[Example], list[Rated]]:
    """Return n examples of kind qa and the rated texts behind them."""
    rng = np.random.default_rng(0)
    corpus, rated = [], []
    for number in range(n):
        one, other = (NAMES[at] for at in rng.integers(len(NAMES), size=2))
        weak = tuple(
            f"Q: Tell me of {name} {number}.\nA: {WEAK.format(name)}" for name in (one, other, one)[: 2 + number % 2]
        )
        good = f"Q: What about {one}?\nA: It is with the {other}."
        corpus.append(Example(f"e{number}", "qa", weak, "I join them.", good, (f"t{number}",)))
        rated += [Rated("qa", good, 5.0), *(Rated("qa", text, 1.0) for text in weak)]
        rated.append(Rated("qa", f"Q: Tell me of {one} {number}.\nA: {GOOD.format(one)}", 5.0))
    return corpus, rated


def write(folder: Path, n: int = 80) -> Path:
    """Write the corpus and its rated texts into a folder; return the folder."""
    corpus, rated = easy(n)
    folder.mkdir(parents=True, exist_ok=True)
    examples.write(corpus, folder / examples.CORPUS)
    examples.write(rated, folder / examples.RATED)
    return folder


def pool(path: Path, rows: int = 90) -> Path:
    """Write a pool of such rows, each third of them good; ``score`` says so, on a scale of 1 to 10. Row 1 has no score."""
    made: list[dict[str, Any]] = [
        {
            "id": f"r{at}", "instruction": f"Tell me of {(name := NAMES[at * 7 % 10])} {at}.",
            "output": (GOOD if at % 3 == 0 else WEAK).format(name), "score": 9 if at % 3 == 0 else 5,
        }
        for at in range(rows)
    ]  # fmt: skip
    made[1]["score"] = None
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
    return path
