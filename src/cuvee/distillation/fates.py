"""What becomes of a cluster: a draft, then a new row, or why there is none. Nothing vanishes."""

from collections.abc import Sequence
from dataclasses import dataclass

from cuvee.arrays import I64
from cuvee.distillation.asked import TRAINED
from cuvee.distillation.raters import KIND
from cuvee.distiller import parse
from cuvee.distiller.kinds import KINDS, Turns
from cuvee.models.generation import Written

# why a cluster became no new row
NO_ROOM = "the cluster does not fit into a prompt"
NO_RATING = "the new row could not be rated"
WEAK = "the new row is weak itself"
TWIN = "the new row repeats a row of the pool"


@dataclass(frozen=True)
class Draft:
    """What the distiller made of a cluster, not rated yet. rows: the numbers of its weak rows."""

    cluster: int
    rows: I64
    reply: str
    think: str
    row: Turns


@dataclass(frozen=True)
class NewRow:
    """A draft that is good enough. rating: 0 to 5."""

    draft: Draft
    rating: float


@dataclass(frozen=True)
class Aside:
    """A cluster that became no new row. reply: "" where none was asked for. rating: None where it was not rated."""

    cluster: int
    rows: I64
    reply: str
    why: str
    rating: float | None = None


def read(cluster: int, rows: I64, said: Written, merging: str = TRAINED) -> Draft | Aside:
    """Return the row that a reply makes, or why it makes none. merging: how it was asked for."""
    found = (parse.read if merging == TRAINED else parse.read_plain)(KINDS[KIND], said.text)
    if found.row is None:
        why = found.why if said.ended else f"{found.why}: the reply did not come to its end"
        return Aside(cluster, rows, said.text, why)
    return Draft(cluster, rows, said.text, found.think, found.row)


def judged(draft: Draft, rating: float | None, good: float) -> NewRow | Aside:
    """Return what a draft becomes with this rating."""
    if rating is not None and rating >= good:
        return NewRow(draft, rating)
    return aside(draft, NO_RATING if rating is None else WEAK, rating)


def aside(draft: Draft, why: str, rating: float | None) -> Aside:
    """Return a draft that is not used, and why."""
    return Aside(draft.cluster, draft.rows, draft.reply, why, rating)


def drafts(made: Sequence[Draft | Aside]) -> list[Draft]:
    """Return those that make a row."""
    return [one for one in made if isinstance(one, Draft)]
