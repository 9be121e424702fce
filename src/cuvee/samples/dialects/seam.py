"""What a dialect is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cuvee.samples.raw import Row, Value
from cuvee.samples.schema import Sample


@dataclass(frozen=True)
class Dialect:
    """One way of writing instruction data down: the keys it has, and what they mean.

    detect: a row (a dict, or a list where the row is a bare list of turns) -> is it of this dialect? It may look at which
    keys are there and at the *type* of each value, not at the values: the answer is remembered per set of keys and types.
    parse: a row -> its samples, one or more. Raises InputError with a reason a person understands.
    example: a row that this dialect, and no earlier one, detects. note: what a user should be told about each such row.
    split: a row -> rows of one sample each, for a dialect whose rows hold several. columns: those that it takes apart from what
    travels along with any row (id, source, task, license, system, tools, media); what else a row has goes along as it is.
    either: families of columns, of which it takes the first that is not null.
    verbatim: its texts hold the marks of a prompt format because they belong there.
    """

    name: str
    summary: str
    detect: Callable[[Any], bool]  # Any: most dialects ask for an object, one for a list; ``read`` gives each its own
    parse: Callable[[Any], list[Sample]]
    example: Value
    note: str = ""
    split: Callable[[Row], list[Row]] | None = None
    columns: frozenset[str] = frozenset()
    either: tuple[tuple[str, ...], ...] = ()
    verbatim: bool = False
