"""Quotas: what share of a choice each source or task gets. "gsm8k=30%,t0<=20%,dolly>=100,alpaca=x2"."""

import difflib
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cuvee.arrays import F64, I64
from cuvee.errors import ConfigError

OTHERS = "others"
COLUMNS = ("source", "task")
_PART = re.compile(r"(?P<name>.+?)\s*(?P<sign><=|>=|=)\s*(?P<times>x)?(?P<amount>\d+(?:\.\d+)?)\s*(?P<share>%)?")
HINT = "write name=30%, name<=20%, name>=100 or name=x2, with commas between; a name is a source or a task"


@dataclass(frozen=True)
class Quota:
    """What one source or task gets.

    name: as typed. sign: "=", "<=", ">=", or "x", a weight: so many times what the method would take. amount: rows, or a
    share in (0, 1] where ``share``.
    """

    name: str
    sign: str
    amount: float
    share: bool

    def __str__(self) -> str:
        told = f"{self.amount:.6g}" if not self.share else f"{100 * self.amount:.6g}%"
        return f"{self.name}=x{told}" if self.sign == "x" else f"{self.name}{self.sign}{told}"

    def bounds(self, total: float) -> tuple[float, float]:
        """Return the least and the most that it gets of so much."""
        amount = self.amount * total if self.share else self.amount
        return (amount if self.sign in ("=", ">=") else 0.0, amount if self.sign in ("=", "<=") else np.inf)


def parse(typed: str | Mapping[str, str | float]) -> list[Quota]:
    """Read quotas. Raises ConfigError for one that cannot be read, one named twice, and shares above 100 % together."""
    if isinstance(typed, Mapping):
        typed = ",".join(f"{name}{_signed(str(value))}" for name, value in typed.items())
    found = [_one(part.strip()) for part in typed.split(",") if part.strip()]
    names = [quota.name for quota in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"quota: {twice!r} is named twice", HINT)
    least = sum(quota.amount for quota in found if quota.share and quota.sign in ("=", ">="))
    if least > 1 + 1e-9:
        raise ConfigError(f"quotas ask for {least:.0%} of the rows", "shares together are at most 100%")
    return found


def _signed(value: str) -> str:
    return value if value.startswith(("<=", ">=", "=")) else f"={value}"


def _one(part: str) -> Quota:
    match = _PART.fullmatch(part)
    if not match or (match["times"] and (match["share"] or match["sign"] != "=")):
        raise ConfigError(f"quota {part!r} cannot be read", HINT)
    amount = float(match["amount"]) / (100 if match["share"] else 1)
    if (match["share"] and amount > 1) or (amount == 0 and match["sign"] == ">="):
        raise ConfigError(f"quota {part!r} is out of range", "a share is from 0% to 100%")
    return Quota(match["name"].strip(), "x" if match["times"] else match["sign"], amount, bool(match["share"]))


@dataclass(frozen=True)
class QuotaParts:
    """A table shared out: codes (n,) the quota of each row, ``len(quotas)`` for all others; labels of each quota."""

    codes: I64
    labels: list[list[str]]


def parts(table: pa.Table, quotas: Sequence[Quota]) -> QuotaParts:
    """Return which rows each quota is about.

    A name is a source or a task, else a pattern (t0*), else the beginning of names (gsm8k: gsm8k_train); "source:" or "task:"
    before it says which. Raises ConfigError for a name that no row has, and where two quotas are about one row.
    """
    codes = np.full(table.num_rows, len(quotas), dtype=np.int64)
    labels = []
    for at, quota in enumerate(quotas):
        column, found = _labels(table, quota.name)
        rows = np.flatnonzero(pa.compute.is_in(table[column], pa.array(found)).to_numpy(zero_copy_only=False))
        both = np.unique(codes[rows])
        if both[0] < len(quotas):
            raise ConfigError(f"quotas {quotas[int(both[0])]} and {quota} are about the same rows", "name rows once")
        codes[rows] = at
        labels.append([f"{column} {name}" for name in found])
    return QuotaParts(codes, labels)


def _labels(table: pa.Table, name: str) -> tuple[str, list[str]]:
    before, colon, rest = name.partition(":")
    columns = (before,) if colon and before in COLUMNS else COLUMNS
    wanted = rest if colon and before in COLUMNS else name
    known = {column: table[column].drop_null().unique().to_pylist() for column in columns}
    for match in (_same, fnmatch.fnmatchcase, _begins):
        for column in columns:
            found = sorted(label for label in known[column] if match(label, wanted))
            if found:
                return column, found
    everything = [label for column in columns for label in known[column]]
    near = difflib.get_close_matches(wanted, everything, n=1, cutoff=0.4)
    shown = ", ".join(everything[:12])
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"quota: no row has the source or task {wanted!r}", f"{hint}there are {shown}")


def _same(label: str, wanted: str) -> bool:
    return label == wanted


def _begins(label: str, wanted: str) -> bool:
    return label.startswith(wanted) and not label[len(wanted)].isalnum()


def targets(quotas: Sequence[Quota], natural: F64, there: F64, total: float) -> tuple[F64, float]:
    """Return (s,) how much each part gets, and the sum, at most ``total``: as near to ``natural`` as the quotas allow.

    natural: (s,) what the method takes of each part by itself, times its weight; there: (s,) what there is. The last part is
    the others'. What no quota holds shares the rest in proportion to ``natural``. Where the parts cannot fill the total
    without breaking an upper bound, the total shrinks. Raises ConfigError where nothing is left.
    """
    for _ in range(200):
        low, high = _bounds(quotas, there, total)
        if high.sum() >= total - 1e-6:
            break
        total = float(np.floor(high.sum() + 1e-9))
    if total < 1 or high.sum() < total - 1e-6:
        raise ConfigError(
            "the quotas leave room for no row", "they are shares of a whole, and nothing else is in the pool"
        )
    if low.sum() > total + 1e-6:
        raise ConfigError(
            f"the quotas ask for {low.sum():,.0f}, and the budget is {total:,.0f}", "ask for less, or spend more"
        )
    return _level(np.maximum(natural, 1e-9 * total), low, high, total), total


def _bounds(quotas: Sequence[Quota], there: F64, total: float) -> tuple[F64, F64]:
    bounds = [quota.bounds(total) for quota in quotas] + [(0.0, np.inf)]
    low, high = (np.minimum(np.array(side), there) for side in zip(*bounds, strict=True))
    return low, high


def _level(natural: F64, low: F64, high: F64, total: float) -> F64:
    """Return clip(factor x natural, low, high) with the factor at which it sums to ``total``, found by bisection."""
    least, most = 0.0, 1.0
    while np.clip(most * natural, low, high).sum() < total - 1e-9 and most < 1e18:
        most *= 2
    for _ in range(200):
        factor = (least + most) / 2
        least, most = (factor, most) if np.clip(factor * natural, low, high).sum() < total else (least, factor)
    return np.clip(most * natural, low, high)


def rounded(shares: F64, there: F64, total: int) -> I64:
    """Return whole numbers that sum to ``total``: the largest remainders are rounded up, where there are rows."""
    whole = np.floor(shares + 1e-6).astype(np.int64)
    order = np.argsort(-(shares - whole), kind="stable")
    for at in np.resize(order, 4 * len(order)):
        if whole.sum() >= total:
            break
        whole[at] += bool(shares[at] > whole[at] - 1 + 1e-6 and whole[at] < there[at])
    return whole
