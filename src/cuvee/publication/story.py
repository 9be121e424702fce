"""What a method hands to the door out: what it chose, how it was asked, and what only it can tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from cuvee.commands import Setting
from cuvee.intake.ground import Ground
from cuvee.publication.asked import Publishing
from cuvee.publication.ledger import Outcome
from cuvee.publication.measure import Measures
from cuvee.result import Summary
from cuvee.runs import Step
from cuvee.scorers.health import Health


@dataclass(frozen=True)
class Extra:
    """More that a run leaves behind: these files and folders of a step."""

    step: Step
    files: Sequence[str] = ()
    folders: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked, for those who read the run. typed: every option of the verb, by name.

    rows: how many rows the budget stands for, None where it is in tokens or the method decides.
    """

    verb: str
    typed: Mapping[str, Setting]
    publishing: Publishing
    seed: int
    method: str
    budget: str
    rows: int | None = None


Tell = Callable[[Summary, pa.Table], Summary]


def as_it_is(summary: Summary, ledger: pa.Table) -> Summary:
    """Return a summary to which a method adds nothing."""
    return summary


@dataclass(frozen=True, kw_only=True)
class Story:
    """A method's outcome, before it is told.

    depends: what decides the outcome. given: runs whose rows count as taken. sizes: budgets at which the choice is measured,
    ascending; None takes powers of two. measured, mapped: where the method measures or maps in a way of its own.
    correct: ledger -> ledger, for what only the method knows of a row. tell: (summary, ledger) -> summary. tables: more
    Parquet files, by name. manifest: what else the manifest says. first: the file that the result names first.
    next: (run folder, ledger) -> the command a person would type next.
    """

    asked: Asked
    ground: Ground
    outcome: Outcome
    depends: object
    next: Callable[[Path, pa.Table], str]
    given: Sequence[Path] = ()
    sizes: Sequence[int] | None = None
    measured: tuple[Step, Measures] | None = None
    mapped: Step | None = None
    correct: Callable[[pa.Table], pa.Table] = lambda ledger: ledger
    tell: Tell = as_it_is
    health: Sequence[Health] = ()
    notes: Sequence[str] = ()
    short: str | None = None
    tables: Mapping[str, pa.Table] | None = None
    extras: Sequence[Extra] = ()
    manifest: Mapping[str, object] | None = None
    first: str | None = None
