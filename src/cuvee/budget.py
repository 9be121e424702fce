"""A budget: rows (``1000``), a share of the pool (``5%``) or tokens (``2Mtok``)."""

import re
from dataclasses import dataclass
from typing import Literal

from cuvee.errors import ConfigError
from cuvee.ranges import MOST

_FORM = re.compile(r"(?P<number>\d+(?:[._]\d+)*)(?P<scale>[kKmM]?)(?P<unit>%|tok|tokens)?")
AMOUNTS = ("budget", "held_out", "subset")  # the options of verbs that are such an amount
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True)
class Budget:
    """What may be spent. ``amount`` is a whole number of rows or tokens, or a share in (0, 1]."""

    kind: Literal["rows", "share", "tokens"]
    amount: float

    def rows(self, n: int) -> int:
        """Return the number of rows of a pool of n rows; a share is rounded to the nearest row, at least one.

        Raises ConfigError for a budget in tokens, which no number of rows can stand for.
        """
        if self.kind == "tokens":
            raise ConfigError("a budget in tokens has no number of rows", "give rows or a share here")
        return int(self.amount) if self.kind == "rows" else max(1, round(self.amount * n))


def written(amount: float) -> str:
    """Return a number as a budget is written: 1000 is rows, 0.05 (a float up to 1) is the share 5%.

    Raises ConfigError for a share above 1.
    """
    if isinstance(amount, int):
        return str(amount)
    if not 0 < amount <= 1:
        raise ConfigError(
            f"budget {amount} is not a share", "give rows as a whole number, or a share above 0 and up to 1"
        )
    return f"{100 * amount:.12g}%"


def parse(text: str | float) -> Budget:
    """Read ``1000``, ``2.5k``, ``5%`` or ``2Mtok``. Raises ConfigError for anything else: 0, a share over 100 %."""
    match = _FORM.fullmatch(str(text).strip().replace(",", ""))
    if match is None or (match["unit"] == "%" and match["scale"]):
        raise ConfigError(f"budget {text!r} cannot be read", "write rows (1000), a share (5%) or tokens (2Mtok)")
    amount = float(match["number"].replace("_", "")) * _SCALES[match["scale"].lower()]
    if match["unit"] == "%":
        if not 0 < amount <= 100:
            raise ConfigError(f"budget {text!r} is not a share", "write more than 0% and at most 100%")
        return Budget("share", amount / 100)
    if not 1 <= amount <= MOST:
        raise ConfigError(f"budget {str(text)[:40]!r} is no number from 1 to {MOST:,}", "write 1000, 5% or 2Mtok")
    if amount != int(amount):
        raise ConfigError(f"budget {text!r} is not a whole number", "write rows (1000), a share (5%) or tokens (2Mtok)")
    return Budget("tokens" if match["unit"] else "rows", int(amount))
