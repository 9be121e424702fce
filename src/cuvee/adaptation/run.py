"""Adapt: learn the policy, train the final model, publish."""

from pathlib import Path
from typing import Any

from cuvee.adaptation.asked import AdaptAsk, bind, plan
from cuvee.adaptation.episodes import learnt
from cuvee.adaptation.field import prepared_from
from cuvee.intake.ground import prepare
from cuvee.models.needs import need
from cuvee.result import Result
from cuvee.runs import Run, open_run


def run_adapt(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.adapt`` says."""
    need("torch", "transformers", "accelerate", "safetensors", purpose="cuvee adapt")
    wanted = bind(typed)
    if dry_run:
        return plan(wanted, Path(out))

    with open_run(Path(out)) as run:
        return adapt(run, wanted)


def adapt(run: Run, wanted: AdaptAsk) -> Result:
    """Learn, train the final model, publish."""
    from cuvee.adaptation.published import Adapted, finish

    field = prepared_from(run, wanted, prepare(run, wanted.ground))
    figures, final, policy = learnt(run, wanted, field)
    return finish(run, Adapted(wanted, field, figures, final, policy))
