"""Several proofs on one page: the same arms at several budgets, or one method with several settings."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from cuvee import commands, disk
from cuvee.errors import InputError
from cuvee.reports import sweep
from cuvee.result import Result
from cuvee.result.proofs import ProofFigures, SweepProof
from cuvee.runs import output


def side_by_side(runs: Sequence[Path], out: Path) -> Result:
    """Draw finished proofs beside each other; ``out`` is the page.

    Raises InputError for a run that is no proof, and for proofs whose differences do not mean the same: another reference
    or metric.
    """
    proofs = [_proof(run) for run in runs]
    reference = _same("reference", [proof["reference"] for proof in proofs])
    unit = _same("unit", [proof["unit"] for proof in proofs])
    summary: sweep.SweepSummary = {
        "title": f"{len(proofs)} proofs",
        "sentence": f"{len(proofs)} proofs against {reference}, by budget and by setting",
        "reference": reference,
        "unit": unit,
        "proofs": proofs,
        "reproduce": [commands.line("cuvee", "report", *runs, "--out", out)],
    }
    disk.folder(out.parent)
    sweep.write(summary, out)
    notes = [f"{proof['run']}: {proof['said']}" for proof in proofs]
    return Result(out.parent, {"sentence": summary["sentence"], "proofs": notes}, [out])


def _same(name: str, values: list[str]) -> str:
    """Return what all proofs have in common."""
    if len(set(values)) > 1:
        raise InputError(f"the proofs differ in their {name}: {', '.join(sorted(set(values)))}", "draw them apart")
    return values[0]


def _proof(run: Path) -> SweepProof:
    path = output(run, "proof.json")
    if path is None:
        raise InputError(
            f"{run} holds no proof.json", "several runs are drawn together only where each is of `cuvee prove`"
        )
    proof: ProofFigures = orjson.loads(path.read_bytes())
    reference = next(arm for arm in proof["arms"] if arm["arm"] == proof["reference"])
    said = orjson.loads((run / "summary.json").read_bytes())["sentence"]
    return {**proof, "run": str(run), "rows": reference["rows"], "said": said}
