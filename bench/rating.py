"""Can KNN-Bayes tell good texts from weak ones? Rate the last fifth of a corpus's rated texts by the others.

Then, for kind qa: can agreement? Rate every example's good text and its weak versions as if all of them stood in one pool.

python -m bench.rating CORPUS [EMBEDDER]     CORPUS: the folder that `cuvee distill corpus` made
"""

import sys
from pathlib import Path

import numpy as np

from cuvee import embedders
from cuvee.arrays import F64
from cuvee.distillation.by_agreement import NEAREST, rated
from cuvee.distiller import bayes, examples
from cuvee.distiller.kinds import KINDS
from cuvee.geometry.neighbours import neighbours


def auc(good: F64, weak: F64) -> float:
    """Return the chance that a good text is rated above a weak one, ties counted half."""
    return float((good[:, None] > weak[None]).mean() + 0.5 * (good[:, None] == weak[None]).mean())


def main() -> None:
    named = sys.argv[2] if len(sys.argv) > 2 else "lexical"
    texts = examples.load_rated(Path(sys.argv[1]))
    cut = int(len(texts) * 0.8)
    library = bayes.build(texts[:cut], embedders.resolve(named)[0], named)
    print(
        f"{cut:,} rated texts by {named}; the others are rated by them\n\n| kind | good | weak | AUC | good >= 4 | weak >= 4 |"
    )
    print("|---|---|---|---|---|---|")
    for kind, shelf in library.shelves.items():
        asked = [row for row in texts[cut:] if row.kind == kind]
        values = shelf.many(library.embedder.encode([row.text for row in asked]))
        worth = np.array([row.rating for row in asked])
        good, weak = values[worth >= bayes.GOOD], values[worth < bayes.GOOD]
        counts = f"{len(good)} | {len(weak)} | {auc(good, weak):.3f}"
        print(f"| {kind} | {counts} | {np.mean(good >= bayes.GOOD):.0%} | {np.mean(weak >= bayes.GOOD):.0%} |")
    agreeing(Path(sys.argv[1]), named)


def agreeing(corpus: Path, named: str) -> None:
    """Print how well ``--rating agreement`` tells the good texts of kind qa from their weak versions."""
    kind = KINDS["qa"]
    texts = [
        (text, text is one.answer)
        for one in examples.load(corpus)
        if one.kind == "qa"
        for text in (one.answer, *one.variants)
    ]
    known = [(turns, text, good) for text, good in texts if (turns := kind.read(text))]
    embedder = embedders.resolve(named)[0]
    if embedder.fitted:
        embedder.fit([text for _, text, _ in known])
    near, _ = neighbours(embedder.encode([text for _, text, _ in known]), NEAREST)
    values, good = rated([turns for turns, _, _ in known], near), np.array([is_good for _, _, is_good in known])
    chance = auc(values[good], values[~good])
    shares = f"{np.mean(values[good] >= bayes.GOOD):.0%} of the good and {np.mean(values[~good] >= bayes.GOOD):.0%} of the weak"
    print(
        f"\nagreement, qa: {good.sum()} good, {(~good).sum()} weak texts: AUC {chance:.3f}; {shares} are rated 4 or more"
    )


if __name__ == "__main__":
    main()
