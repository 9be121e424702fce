"""An easy corpus: short weak texts, one sentence as the answer."""

from pathlib import Path

import numpy as np

from cuvee.distillation import examples
from cuvee.distillation.examples import Example, Rated

NAMES = "apple bread candle door engine fence garden hammer island jacket".split()


def easy(n: int = 80) -> tuple[list[Example], list[Rated]]:
    """Return n examples of kind qa and the rated texts behind them."""
    rng = np.random.default_rng(0)
    corpus, rated = [], []
    for number in range(n):
        one, other = (NAMES[at] for at in rng.integers(len(NAMES), size=2))
        weak = (f"Q: what about {one}?\nA: it is", f"Q: {one}?\nA: {other}")
        good = f"Q: What about {one}?\nA: It is with the {other}."
        corpus.append(Example(f"e{number}", "qa", weak, "I join them.", good, (f"t{number}",)))
        rated += [Rated("qa", good, 5.0), *(Rated("qa", text, 1.0) for text in weak)]
    return corpus, rated


def write(folder: Path, n: int = 80) -> Path:
    """Write the corpus and its rated texts into a folder; return the folder."""
    corpus, rated = easy(n)
    folder.mkdir(parents=True, exist_ok=True)
    examples.write(corpus, folder / examples.CORPUS)
    examples.write(rated, folder / examples.RATED)
    return folder
