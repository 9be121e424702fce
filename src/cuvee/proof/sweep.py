"""Several proofs on one page: the same arms at several budgets, or one method with several settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from cuvee.errors import InputError
from cuvee.reports import sweep
from cuvee.result import Result


def side_by_side(runs: Sequence[Path], out: Path) -> Result:
    """Draw finished proofs beside each other; ``out`` is the page.

    Raises InputError for a run that is no proof, and for proofs whose differences do not mean the same: another reference
    or metric.
    """
    proofs = [_proof(run) for run in runs]
    for name in ("reference", "unit"):
        told = {proof[name] for proof in proofs}
        if len(told) > 1:
            raise InputError(f"the proofs differ in their {name}: {', '.join(sorted(told))}", "draw them apart")
    first = proofs[0]
    summary: dict[str, Any] = {
        "title": f"{len(proofs)} proofs",
        "sentence": f"{len(proofs)} proofs against {first['reference']}, by budget and by setting",
        "reference": first["reference"], "unit": first["unit"], "proofs": proofs,
        "reproduce": [f"cuvee report {' '.join(map(str, runs))} --out {out}"],
    }  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep.write(summary, out)
    notes = [f"{proof['run']}: {proof['said']}" for proof in proofs]
    return Result(out.parent, {"sentence": summary["sentence"], "proofs": notes}, [out])


def _proof(run: Path) -> dict[str, Any]:
    path = run / "proof.json"
    if not path.is_file():
        raise InputError(
            f"{run} holds no proof.json", "several runs are drawn together only where each is of `cuvee prove`"
        )
    proof: dict[str, Any] = orjson.loads(path.read_bytes())
    reference = next(arm for arm in proof["arms"] if arm["arm"] == proof["reference"])
    said = orjson.loads((run / "summary.json").read_bytes())["sentence"]
    return {**proof, "run": str(run), "rows": reference["rows"], "said": said}
