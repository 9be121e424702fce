"""What ``cuvee distill corpus`` leaves behind: examples, rated texts, what could not be used, and their numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from cuvee import commands, disk
from cuvee.distiller import examples
from cuvee.distiller.corpus.asked import DistillCorpusAsk
from cuvee.distiller.examples import Example, Rated
from cuvee.result import Result
from cuvee.runs import Run, digest, write_json

ASIDE = "aside.jsonl"


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus. rated: texts whose worth is known. aside: what could not be used, and why. usage: what a strong model used."""

    examples: Sequence[Example]
    rated: Sequence[Rated]
    aside: Sequence[Mapping[str, str]]
    counts: Mapping[str, int]
    usage: Mapping[str, int] | None = None


def publish(run: Run, ask: DistillCorpusAsk, made: Corpus) -> Result:
    """Write and publish the corpus; return what the verb returns."""
    figures = _figures(ask, made)

    def make(folder: Path) -> None:
        examples.write(made.examples, folder / examples.CORPUS)
        examples.write(made.rated, folder / examples.RATED)
        disk.write(folder / ASIDE, b"".join(orjson.dumps(row) + b"\n" for row in made.aside))
        write_json(folder / "summary.json", figures)

    depends = {
        "corpus": digest([asdict(one) for one in made.examples]),
        "rated": digest([asdict(one) for one in made.rated]),
        "told": figures,
        "aside": made.aside,
    }
    step = run.step("publish", depends, make)
    files = run.publish(step, [examples.CORPUS, examples.RATED, ASIDE, "summary.json"])
    counts = {**made.counts, **({"usage": made.usage} if made.usage else {})}
    run.conclude("distill corpus", ask.typed, seed=ask.recipe.seed, counts=counts)
    next_command = commands.line("cuvee", "distill", "train", run.path, "--model", "smollm2-135m")
    return Result(run.path, {"profile": figures}, files, next=next_command)


def _figures(ask: DistillCorpusAsk, made: Corpus) -> dict[str, object]:
    """Return the numbers of a corpus, as ``summary.json`` holds them."""
    classes = Counter(int(row.rating + 0.5) for row in made.rated)
    return {
        "examples": len(made.examples),
        "of each kind": dict(sorted(Counter(example.kind for example in made.examples).items())),
        "weak texts": sum(len(example.variants) for example in made.examples),
        "two topics in one": sum(len(example.topics) > 1 for example in made.examples),
        "misspelt": sum(example.noisy for example in made.examples),
        "rated texts": len(made.rated),
        "of each class": {str(at): many for at, many in sorted(classes.items())},
        "kept aside": len(made.aside),
        **made.counts,
        "made": ask.maker.made,
    }
