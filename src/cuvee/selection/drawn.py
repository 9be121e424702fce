"""What was truly drawn of each quota, in words and as files that trainers mix by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee.arrays import I64
from cuvee.publication.ledger import Outcome
from cuvee.publication.story import Extra
from cuvee.runs import Run, write_json
from cuvee.samples.trainers_mixture import MixturePart, mixture_files
from cuvee.selection.quota import OTHERS, Quota, QuotaParts

FOLDER = "mixture"


@dataclass(frozen=True)
class QuotaDrawn:
    """One part. there, rows: of the pool and of the choice. share: of the choice's rows; of_tokens: of its tokens.

    aim: the share that was asked for where that is ``fixed``, else the share that was drawn.
    """

    name: str
    asked: str
    labels: list[str]
    there: int
    rows: int
    share: float
    tokens: int
    of_tokens: float
    aim: float
    fixed: bool

    def note(self) -> str:
        """Return it as a line for a person."""
        told = f"quota {self.asked}: {self.rows:,} rows ({self.share:.1%}), {self.of_tokens:.1%} of the tokens"
        least = self.asked.rpartition("=")[0]
        short = self.aim > self.share + 0.0051 and self.rows == self.there and least
        return f"{told}; the pool has no more of it" if short else told


def drawn(outcome: Outcome, quotas: Sequence[Quota], parts: QuotaParts) -> list[QuotaDrawn]:
    """Return what was drawn of each quota, and of all others where there are any."""
    rows, tokens = outcome.selection.rows, outcome.tokens
    whole, sums = max(len(rows), 1), max(int(tokens[rows].sum()), 1)
    found = []
    for at, name in enumerate([*(quota.name for quota in quotas), OTHERS]):
        own: I64 = rows[parts.codes[rows] == at]
        there = int((parts.codes[outcome.pool.free] == at).sum())
        quota = quotas[at] if at < len(quotas) else None
        share = len(own) / whole
        fixed = (
            quota is not None and quota.share and (quota.sign == "=" or (quota.sign == ">=" and share < quota.amount))
        )
        found.append(
            QuotaDrawn(
                name=name,
                asked=str(quota) if quota else OTHERS,
                labels=parts.labels[at] if quota else [],
                there=there,
                rows=len(own),
                share=share,
                tokens=int(tokens[own].sum()),
                of_tokens=int(tokens[own].sum()) / sums,
                aim=quota.amount if fixed and quota else share,
                fixed=fixed,
            )
        )
    return [one for one in found if one.there or one.asked != OTHERS]


def aimed(told: Sequence[QuotaDrawn]) -> list[float]:
    """Return the shares to mix by, which sum to 1: what was asked for; what is left is shared as it was drawn."""
    left = 1 - sum(one.aim for one in told if one.fixed)
    rest = sum(one.share for one in told if not one.fixed)
    shares = [one.aim if one.fixed else one.share * max(left, 0.0) / rest for one in told]
    return [share / sum(shares) for share in shares]


def write_mixture(
    run: Run, outcome: Outcome, told: Sequence[QuotaDrawn], parts: QuotaParts, how: dict[str, str]
) -> Extra:
    """Write a folder per part, with the weights by which trainers mix them: the share asked for, where one was; else drawn."""
    chosen, names = outcome.selection.rows, [one.name for one in told]
    codes = {one.name: at for at, one in enumerate(told)}
    held = np.minimum(parts.codes, len(parts.labels))

    def make(folder: Path) -> None:
        own = [one for one in told if one.rows]
        made = [
            MixturePart(one.name, outcome.alive[chosen[held[chosen] == codes[one.name]]], share)
            for one, share in zip(own, aimed(own), strict=True)
        ]
        files = mixture_files(folder / FOLDER, outcome.source.table, made, how)
        lines = [{**one.__dict__, **files.get(one.name, {})} for one in told]
        write_json(folder / FOLDER / "mixture.json", {"parts": lines})

    depends = {
        "chosen": chosen,
        "of": outcome.source.fingerprint,
        "how": how,
        "names": names,
        "asked": [o.asked for o in told],
    }
    return Extra(run.step("mixture", depends, make), folders=[FOLDER])
