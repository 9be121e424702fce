"""The end of every method: measure, ledger, map, summary, files, manifest; the same way for all of them."""

from dataclasses import replace
from pathlib import Path

from cuvee import commands
from cuvee.publication.ledger import make_ledger
from cuvee.publication.map import make_map
from cuvee.publication.measure import Beside, Measures, measure
from cuvee.publication.publish import Top, publish
from cuvee.publication.story import Story
from cuvee.publication.summary import Facts, summarise
from cuvee.result import Result
from cuvee.runs import Run, Step
from cuvee.samples import ledger as ledgers


def finish(run: Run, story: Story) -> Result:
    """Publish what a method chose; return what its verb returns.

    Raises an AssertionError where the ledger does not account for every row that was read: that is a defect of ours.
    """
    asked, outcome = story.asked, story.outcome
    measured, measures = story.measured or _measured(run, story)
    mapped = story.mapped or make_map(run, outcome, asked.seed, depends=story.depends)
    ledger = story.correct(make_ledger(outcome, ", ".join(map(str, story.given))))
    counts = ledgers.check(ledger, outcome.source.total)
    command = commands.command(asked.verb, asked.typed, run.path)
    how, rewritten = asked.publishing.of(outcome.source.table, outcome.chosen)
    story = replace(story, notes=[*story.notes, *rewritten])
    told = summarise(Facts(story, ledger, counts, measures, command, run.path))
    told = story.tell(told, ledger)
    depends = [measured.fingerprint, mapped.fingerprint, story.depends]
    files = publish(run, Top(outcome, mapped, ledger, told, story.tables or {}), how, depends)
    files += _extras(run, story)
    files.sort(key=lambda path: path.name != story.first)
    _conclude(run, story, counts)
    return Result(run.path, told, files, next=story.next(run.path, ledger))


def _measured(run: Run, story: Story) -> tuple[Step, Measures]:
    beside = Beside(story.asked.publishing.draws, story.asked.seed, story.ground.embedder.near)
    return measure(run, story.outcome, beside, story.depends, story.sizes)


def _extras(run: Run, story: Story) -> list[Path]:
    found: list[Path] = []
    for extra in story.extras:
        found += run.publish(extra.step, list(extra.files))
        found += [run.publish_folder(extra.step, name) for name in extra.folders]
    return found


def _conclude(run: Run, story: Story, counts: dict[str, int]) -> None:
    asked, ground = story.asked, story.ground
    run.conclude(
        asked.verb,
        asked.typed,
        seed=asked.seed,
        inputs=ground.source.files,
        rows={"input": story.outcome.source.total, **{status: counts[status] for status in ledgers.STATUSES}},
        embedder={"name": ground.embedder.name, "version": ground.embedder.version, "computed": ground.embedded},
        notes=[*ground.notes, *story.notes],
        **(story.manifest or {}),
    )
