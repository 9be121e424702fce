"""``cuvee distill corpus``: passages or good rows -> the corpus that a distiller learns from."""

from collections.abc import Mapping
from pathlib import Path

from cuvee.distiller import offline, strong
from cuvee.distiller.corpus.asked import ByRule, ByStrong, DistillCorpusAsk, DistillCorpusOptions, bind
from cuvee.distiller.corpus.passages import passages, texts_of
from cuvee.distiller.corpus.published import Corpus, publish
from cuvee.distiller.corpus.topics import topics
from cuvee.distiller.strong import Passage
from cuvee.intake import judge as judging
from cuvee.intake.ground import prepare
from cuvee.intake.plan import expect
from cuvee.models.spending import Estimate
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Claim, Run, open_run


def run_distill_corpus(options: DistillCorpusOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.distill.distill_corpus`` says."""
    ask = bind(options)
    if dry_run:
        return _plan(ask, Path(out))
    with open_run(Path(out), Claim("distill corpus", ask.typed, replace)) as run:
        made = _by_rule(run, ask) if isinstance(ask.maker, ByRule) else _by_strong(run, ask, ask.maker)
        return publish(run, ask, made)


def _by_rule(run: Run, ask: DistillCorpusAsk) -> Corpus:
    """Make the corpus from the rows of a pool that stand after cleaning."""
    ground = prepare(run, ask.pool)
    found = topics(ground, ask)
    made = list(offline.corpus(found, ask.recipe))
    counts = {"rows read": ground.source.total, "rows that stand": len(ground.pool), "rows used": len(found)}
    return Corpus(
        examples=[example for example, _ in made],
        rated=[one for _, rated in made for one in rated],
        aside=[],
        counts=counts,
    )


def _by_strong(run: Run, ask: DistillCorpusAsk, maker: ByStrong) -> Corpus:
    """Make the corpus by a strong model; the price is told before anything is asked."""
    found, asked = passages(run, ask), maker.judging
    with judging.session(asked) as judge:
        for stage, estimate in strong.price(found, ask.recipe, judge.chat).items():
            say(f"{stage:<10}{asked.server.model}: {estimate}; {asked.told()}")
        made = strong.build(found, ask.recipe, judge.chat)
    return Corpus(
        examples=made.examples,
        rated=made.rated,
        aside=made.aside,
        counts={"passages": len(found), **made.counts},
        usage=vars(judge.chat.usage),
    )


def _plan(ask: DistillCorpusAsk, out: Path) -> Result:
    last = f"publish to {out}"
    if isinstance(ask.maker, ByRule):
        expected = expect(ask.pool)
        steps = ["read", "clean", f"embed by {expected.embedder}", "make every usable row weak by rule", last]
        return expected.result(out, steps, seconds=expected.seconds)
    prices = _prices(ask, ask.maker)
    steps = [*(f"{stage}: {estimate}" for stage, estimate in prices.items()), last]
    files = [{"file": path} for path in ask.pool.read.data]
    return Result(out, {"plan": {"files": files, "steps": steps, "notes": [ask.maker.judging.told()]}})


def _prices(ask: DistillCorpusAsk, maker: ByStrong) -> Mapping[str, Estimate]:
    """Return what each stage would cost; about, for instruction data, of which only the first rows are looked at."""
    texts = texts_of(ask.pool.read.data)
    found = [Passage(name, text) for name, text in (texts or _about(ask))[: ask.limit or None]]
    with judging.session(maker.judging) as judge:
        return strong.price(found, ask.recipe, judge.chat)


def _about(ask: DistillCorpusAsk) -> list[tuple[str, str]]:
    """Return as many made texts as there are rows, each of the mean length."""
    expected = expect(ask.pool)
    words = "word " * (expected.size // max(1, expected.rows) // len("word "))
    return [(str(row), f"{row} {words}") for row in range(min(expected.rows, ask.limit or expected.rows))]
