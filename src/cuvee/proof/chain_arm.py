"""A chain as an arm of a proof: one method narrows the pool, another goes on with what it left."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cuvee.arrays import I64
from cuvee.budget import Budget
from cuvee.errors import ConfigError
from cuvee.proof.kinds import Arm, ArmAsk, ArmKind, ArmSettings, MixtureArm, ModelArm, RowsArm, Taught
from cuvee.proof.settings import positive
from cuvee.render import Encoded
from cuvee.training.mixture import Mixture

OWN = ("first", "keep", "then")
KEEP = 4.0  # times the budget that the first method leaves, unless it is said

Parse = Callable[[str], Arm]  # reads one arm


@dataclass(frozen=True)
class Chain:
    """first: narrows the pool to ``keep`` times the budget, or is an earlier run whose new rows are taken. then: goes on."""

    first: Arm
    keep: float
    then: Arm


def chained(label: str, given: ArmSettings, parse: Parse) -> Arm:
    """Return the arm of ``chain:first=k-center:keep=4:then=mdit:alpha=0.5``; what is not the chain's own is the second's.

    Raises ConfigError where a method cannot stand in its place.
    """
    for name in ("first", "then"):
        if name not in given:
            raise ConfigError(f"the arm {label} needs {name}", "write chain:first=k-center:then=mdit")
    rest = [f"{name}={value}" for name, value in given.items() if name not in OWN]
    chain = Chain(
        first=parse(str(given["first"])),
        keep=positive(given, "keep", KEEP),
        then=parse(":".join([str(given["then"]), *rest])),
    )
    scores = tuple(dict.fromkeys([*chain.first.scores, *chain.then.scores]))
    return Arm(label=label, kind=_kind(chain), settings=chain.then.settings, scores=scores, source=chain.first.source)


def _kind(chain: Chain) -> ArmKind:
    """Return what the chain is: what its second method is."""
    first, then = chain.first.kind, chain.then.kind
    if not isinstance(first, RowsArm):
        raise ConfigError(f"{chain.first.label} chooses no rows", "begin a chain with a method of `cuvee select`")
    if chain.first.source and not isinstance(then, RowsArm):
        raise ConfigError(f"{chain.then.label} cannot go on with new rows", "end such a chain with a chooser")
    summary = f"{chain.then.label} among what {chain.first.label} leaves"
    match then:
        case RowsArm():
            return RowsArm(summary=summary, choose=partial(_rows, chain, first, then), own=partial(_new, chain, first))
        case MixtureArm():
            return MixtureArm(summary=summary, mix=partial(_mixture, chain, first, then))
        case ModelArm():
            return ModelArm(summary=summary, make=partial(_model, chain, first, then))
    raise ConfigError(f"{chain.then.label} trains on nothing", "end a chain with a method")


def _narrowed(chain: Chain, first: RowsArm, ask: ArmAsk) -> tuple[ArmAsk, I64]:
    """Return what the second method is asked, and which rows of the pool its rows are; none are fewer than the budget."""
    asked = replace(ask, settings=chain.first.settings, folder=ask.folder / "first")
    if chain.first.source:
        return replace(ask, settings=chain.then.settings), np.arange(len(ask.encoded), dtype=np.int64)
    most = min(len(ask.encoded), max(ask.k, round(chain.keep * ask.k)))
    rows = np.sort(first.choose(replace(asked, k=most, budget=Budget("rows", float(most)))))
    gone = np.setdiff1d(np.arange(len(ask.encoded)), rows).tolist()
    ground = ask.ground.without([(row, "chain", f"not chosen by {chain.first.label}", None) for row in gone])
    encoded = [ask.encoded[row] for row in rows.tolist()]
    then = replace(ask, ground=ground, encoded=encoded, settings=chain.then.settings, folder=ask.folder / "then")
    return then, rows.astype(np.int64)


def _new(chain: Chain, first: RowsArm, ask: ArmAsk) -> list[Encoded]:
    """Return the new rows of the earlier run that begins the chain, for half of the budget at most."""
    return first.own(ask)[: ask.k // 2] if chain.first.source else []


def _rows(chain: Chain, first: RowsArm, then: RowsArm, ask: ArmAsk) -> I64:
    left = ask.k - len(_new(chain, first, ask))
    asked, rows = _narrowed(chain, first, ask)
    if left < ask.k:
        asked = replace(asked, k=left, budget=Budget("rows", float(left)))
    return rows[then.choose(asked)] if left else np.empty(0, dtype=np.int64)


def _mixture(chain: Chain, first: RowsArm, then: MixtureArm, ask: ArmAsk) -> Mixture:
    asked, rows = _narrowed(chain, first, ask)
    entries = then.mix(asked)
    return replace(entries, left=rows[entries.left], right=rows[entries.right])


def _model(chain: Chain, first: RowsArm, then: ModelArm, ask: ArmAsk) -> Taught:
    asked, rows = _narrowed(chain, first, ask)
    made = then.make(asked)
    return replace(made, rows=rows[made.rows])
