"""Can KNN-Bayes tell good texts from weak ones? Rate the last fifth of a corpus's rated texts by the others.

python -m bench.rating CORPUS [EMBEDDER]     CORPUS: the folder that `cuvee distill corpus` made
"""

import sys
from pathlib import Path

import numpy as np

from cuvee import embedders
from cuvee.arrays import F64
from cuvee.distiller import bayes, examples


def auc(good: F64, weak: F64) -> float:
    """Return the chance that a good text is rated above a weak one, ties counted half."""
    return float((good[:, None] > weak[None]).mean() + 0.5 * (good[:, None] == weak[None]).mean())


def main() -> None:
    named = sys.argv[2] if len(sys.argv) > 2 else "lexical"
    rated = examples.load_rated(Path(sys.argv[1]))
    cut = int(len(rated) * 0.8)
    library = bayes.build(rated[:cut], embedders.resolve(named)[0], named)
    print(
        f"{cut:,} rated texts by {named}; the others are rated by them\n\n| kind | good | weak | AUC | good >= 4 | weak >= 4 |"
    )
    print("|---|---|---|---|---|---|")
    for kind, shelf in library.shelves.items():
        asked = [row for row in rated[cut:] if row.kind == kind]
        values = shelf.many(library.embedder.encode([row.text for row in asked]))
        worth = np.array([row.rating for row in asked])
        good, weak = values[worth >= bayes.GOOD], values[worth < bayes.GOOD]
        counts = f"{len(good)} | {len(weak)} | {auc(good, weak):.3f}"
        print(f"| {kind} | {counts} | {np.mean(good >= bayes.GOOD):.0%} | {np.mean(weak >= bayes.GOOD):.0%} |")


if __name__ == "__main__":
    main()
