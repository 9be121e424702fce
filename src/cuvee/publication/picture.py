"""Whether a selection is a better picture of the pool than random rows, in words that need no explanation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cuvee.result.measures import LengthBin, MeasureRow, side

PICTURE = ("mean distance", "cluster coverage", "task entropy")
"""What decides: how near every row has a chosen one, whether every kind is there, whether every task is."""

SKEWED = 2.0  # times longer or shorter than the pool's, from which it is told
FEWEST = 30  # rows below which their middle is chance


@dataclass(frozen=True)
class Picture:
    """better, worse: the measures of PICTURE that lie beyond every random draw. randoms: whether there were any."""

    k: int
    better: Sequence[str]
    worse: Sequence[str]
    measures: Mapping[str, MeasureRow]
    randoms: bool

    @property
    def is_worse(self) -> bool:
        """Whether random rows of the same number are the better picture of the pool."""
        return bool(self.worse) and "mean distance" not in self.better

    @property
    def beside(self) -> str:
        """The figures behind the headline, in words; "" where there is no random draw."""
        return " ".join(part for part in (self._nearness(), self._groups(), self._tasks()) if part)

    def sentence(self, n: int) -> str:
        """Return the result of choosing from n clean rows; better and worse are said only beyond all random draws."""
        head = f"{self.k:,} of {n:,} clean rows"
        if not self.randoms:
            return f"{head}."
        if self.is_worse:
            how = "worse than"
        elif self.worse:
            how = "in part better, in part worse than"
        else:
            how = "better than" if self.better else "about as well as"
        return f"{head}, which show what is in the pool {how} {self.k:,} rows drawn at random."

    def _nearness(self) -> str:
        row = self.measures.get("mean distance")
        if row is None or not row["random_mean"] or row["selection"] is None:
            return ""
        change = row["selection"] / row["random_mean"] - 1
        if round(change, 2) == 0:
            return "On average a row of the pool is as close to its nearest chosen row as to its nearest random one."
        closer, to = ("closer", "to") if change < 0 else ("farther", "from")
        near = f"its nearest chosen row than {to} its nearest random one"
        return f"On average a row of the pool is {abs(change):.0%} {closer} {to} {near}."

    def _groups(self) -> str:
        row = self.measures.get("cluster coverage")
        if row is None or row["selection"] is None or row["random_mean"] is None:
            return ""
        shares = f"{row['selection']:.0%} of its groups of similar rows have a chosen one"
        return f"{shares} (random: {row['random_mean']:.0%})."

    def _tasks(self) -> str:
        for how, names in (("more", self.better), ("less", self.worse)):
            if "task entropy" in names:
                return f"Tasks are {how} evenly spread than at random."
        return ""

    def figures(self) -> str:
        """Return what is worse, with its figures: "mean distance 0.814 (random 0.654)"."""
        rows = [self.measures[name] for name in self.worse]
        return ", ".join(f"{row['name']} {row['selection']:.3g} (random {row['random_mean']:.3g})" for row in rows)


def judge(k: int, measures: Sequence[MeasureRow]) -> Picture:
    """Return what picture of the pool k chosen rows are."""
    named = {row["name"]: row for row in measures}
    sides = {name: side(named[name]) for name in PICTURE if name in named}
    return Picture(
        k,
        [name for name, found in sides.items() if found == "better"],
        [name for name, found in sides.items() if found == "worse"],
        named,
        any(row["random_mean"] is not None for row in measures),
    )


def skewed(bins: Sequence[LengthBin]) -> str:
    """Return a note where the chosen rows are much shorter or longer than the pool's, "" where they are not."""
    chosen, pool = _middle(bins, "selection"), _middle(bins, "pool")
    few = sum(_count(one, "selection") for one in bins) < FEWEST
    if few or not chosen or not pool or max(chosen, pool) < SKEWED * min(chosen, pool):
        return ""
    how = "shorter" if chosen < pool else "longer"
    return f"the chosen rows are much {how} than the pool's: about {chosen:,} tokens in the middle, the pool's {pool:,}"


def _middle(bins: Sequence[LengthBin], which: str) -> int:
    """Return about the median length, 0 where there are no rows."""
    total, seen = sum(_count(one, which) for one in bins), 0
    for one in bins:
        count = _count(one, which)
        if count and 2 * (seen + count) >= total:
            inside = (total / 2 - seen) / count
            return round(one["from"] + inside * (one["to"] - one["from"]))
        seen += count
    return 0


def _count(one: LengthBin, which: str) -> int:
    return one["selection"] if which == "selection" else one["pool"]
