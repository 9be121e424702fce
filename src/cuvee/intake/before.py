"""What can be found wrong with a pool as soon as it is read, before hours of work go into it."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.errors import ConfigError, InputError, SelectionError


def fine(found: object) -> None:
    """Find nothing wrong."""


@dataclass(frozen=True)
class Before:
    """Checks of a pool, each of which raises a CuveeError. rows: of the table that was read, before it is cleaned.

    tokens: of the rows that stand after cleaning, before they are embedded.
    """

    rows: Callable[[pa.Table], None] = fine
    tokens: Callable[[I64], None] = fine


def affordable(budget: Budget) -> Callable[[I64], None]:
    """Return the check that a budget in tokens holds a row at all."""

    def check(tokens: I64) -> None:
        if budget.kind == "tokens" and len(tokens) and tokens.min() > budget.amount:
            raise SelectionError(
                f"no row fits {int(budget.amount):,} tokens", f"the smallest clean row has {int(tokens.min()):,}"
            )

    return check


def labelled(by: str) -> Callable[[pa.Table], None]:
    """Return the check that some row of the pool has a label in this column."""

    def check(table: pa.Table) -> None:
        if by in table.column_names and table.num_rows and table[by].null_count == table.num_rows:
            other = "source" if by != "source" else "task"
            raise ConfigError(f"no row of the pool names a {by}", f"settings by={other}, or another method")

    return check


def with_margins(table: pa.Table) -> None:
    """Raise ConfigError where no row of the pool tells how much better its chosen answer is."""
    if table.num_rows and table["margin"].null_count == table.num_rows:
        hint = "it is told by columns such as score_chosen and score_rejected of preference pairs"
        raise ConfigError("no row of the pool has a margin", hint)


def at_least(rows: int, what: str, hint: str) -> Callable[[pa.Table], None]:
    """Return the check that the pool has so many rows."""

    def check(table: pa.Table) -> None:
        if table.num_rows < rows:
            raise InputError(f"{what} {rows:,} rows, and the pool has {table.num_rows:,}", hint)

    return check


def all_of(*checks: Callable[[pa.Table], None]) -> Callable[[pa.Table], None]:
    """Return the checks as one."""

    def check(table: pa.Table) -> None:
        for one in checks:
            one(table)

    return check
