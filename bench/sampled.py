"""What did GRPO raise? Held-out replies of a distiller drawn at temperature 1, as GRPO draws them: before and after it.

python -m bench.sampled RUN [--draws 3]     RUN: the folder that `cuvee distill train` made

`cuvee distill train` judges the most likely reply of every prompt; GRPO raises the mean reward of replies that are drawn.
Prints both means, each draw, and how many prompts got better or worse. Called again, it goes on (RUN/sampled).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from cuvee import budget
from cuvee.arrays import F64
from cuvee.distiller import bayes, examples
from cuvee.distiller.examples import Example
from cuvee.distiller.rewards import REFERENCE, Rewards, Weighing, judge
from cuvee.distiller.training.split import split
from cuvee.distiller.writing import write
from cuvee.evaluation.journal import Journal
from cuvee.models import causal
from cuvee.models.generation import Sampling

STAGES = {"cold start": "work/cold-start-*/model", "GRPO": "model"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--draws", type=int, default=3)
    given = parser.parse_args()
    typed = json.loads((given.run / "manifest.json").read_text())["settings"]
    every = examples.load(Path(typed["corpus"]))
    _, held = split(every, budget.parse(typed["held_out"]), seed=typed["seed"])
    held = held[: typed["judged"] or None]
    weights = Weighing(typed["quality"], typed["alignment"], typed["format_weight"])
    rewards = Rewards(bayes.load(given.run / "library"), weights, typed["alike"], typed.get("aligned_by", REFERENCE))
    (given.run / "sampled").mkdir(exist_ok=True)
    means = {}
    for stage, at in STAGES.items():
        (folder,) = given.run.glob(at)
        parts = [_drawn(given.run, folder, stage, draw, held, rewards, typed) for draw in range(given.draws)]
        means[stage] = _told(stage, parts)
    change = means["GRPO"] - means["cold start"]
    error = change.std(ddof=1) / np.sqrt(len(change))
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    print(
        f"GRPO changes the mean reward by {change.mean():+.3f}, standard error over {len(change)} prompts {error:.3f}"
    )
    print(f"better {better} prompts, worse {worse}, alike {len(change) - better - worse}")


def _drawn(
    run: Path, folder: Path, stage: str, draw: int, held: list[Example], rewards: Rewards, typed: dict[str, float]
) -> list[dict[str, float]]:
    """Return the rewards of one draw of every prompt."""
    journal = Journal(run / "sampled" / f"{stage.replace(' ', '-')}-{draw}.jsonl")
    talks = [examples.asked(example.kind, example.variants) for example in held]
    sampling = Sampling(int(typed["max_new_tokens"]), temperature=1.0, seed=draw)
    said = write(
        causal.load(folder), talks, sampling, journal, label=f"{stage}, draw {draw + 1}", batch_tokens=16_384
    ).replies
    return judge(rewards, held, [one.text for one in said])


def _told(stage: str, drawn: list[list[dict[str, float]]]) -> F64:
    """Print the means of a stage; return (prompts,) its mean reward over the draws."""
    names = drawn[0][0]
    means = ", ".join(f"{name} {np.mean([row[name] for part in drawn for row in part]):.3f}" for name in names)
    each = ", ".join(f"{np.mean([row['total'] for row in part]):.3f}" for part in drawn)
    print(f"{stage}: {means} over {len(drawn)} draws (total of each: {each})", flush=True)
    totals: F64 = np.mean([[row["total"] for row in part] for part in drawn], axis=0)
    return totals


if __name__ == "__main__":
    main()
