"""What a proof tells: its table, its sentence, its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cuvee import commands
from cuvee.intake.ground import kept_by
from cuvee.proof import beforehand
from cuvee.proof.asked import ROWS, TOKENS, UNITS
from cuvee.proof.confirming import Earlier
from cuvee.proof.rates import Rates
from cuvee.proof.said import sentence, standing
from cuvee.proof.trial import Terms, Trial
from cuvee.result import Summary
from cuvee.result.proofs import ConfirmedRun, ProofArm, ProofFigures
from cuvee.runs import versions
from cuvee.statistics import Proof, Verdict
from cuvee.training.settings import described

UNEQUAL = 0.02  # an arm that is this much off what all were to have alike is told of


@dataclass(frozen=True)
class Proven:
    """A finished loop. trials: arm -> its runs, in order of seeds. rates: the learning rates that were tried before."""

    terms: Terms
    trials: Mapping[str, list[Trial]]
    rates: Rates


def summarise(compared: Mapping[str, Proof], done: Proven, folder: Path) -> Summary:
    """Return what a proof has to tell. compared: by metric. It holds no times, so equal runs tell equal things."""
    ask, field = done.terms.ask, done.terms.field
    command = commands.command("prove", ask.typed, folder)
    first, *others = [_proof(metric, proof, done) for metric, proof in compared.items()]
    updates = {arm["updates"] for arm in first["arms"] if arm["updates"]}
    return {
        "title": f"proof: {len(ask.arms)} arms, {len(ask.seeds)} seeds, {first['questions']:,} questions",
        "command": command,
        "rows": {},
        "selection": {
            "budget": ask.amount,
            "model": ask.model,
            "seeds": len(ask.seeds),
            "questions": first["questions"],
            "tasks": len(first["tasks"]),
            "updates": ", ".join(f"{number:,}" for number in sorted(updates)),
            "pool": f"{len(field.ground.pool):,} rows",
        },
        "sentence": sentence(compared, ask.judged_by, ask.earlier),
        "proof": {**first, "also": others},
        "settings": {name: value for name, value in ask.meant.items() if value not in (None, "", [])},
        "reproduce": [command],
        "versions": versions(),
        "warnings": [*field.ground.notes, *field.notes, *_warnings(compared, done)],
    }


def _proof(metric: str, compared: Proof, done: Proven) -> ProofFigures:
    ask = done.terms.ask
    return {
        "metric": metric,
        "reference": compared.reference,
        "unit": UNITS[metric],
        "better": compared.better,
        "level": ask.judged_by.level,
        "k": done.terms.k,
        "primary": str(ask.judged_by.primary) if ask.judged_by.primary else None,
        "plan": beforehand.told(ask.judged_by.plan) if ask.judged_by.plan else None,
        "confirms": _confirms(ask.earlier) if ask.earlier else None,
        "questions": compared.questions,
        "left_out": compared.left_out,
        "clusters": compared.clusters,
        "tasks": compared.tasks,
        "seeds": list(ask.seeds),
        "same": ask.same,
        "pair_seeds": ask.judged_by.pair_seeds,
        "base": done.terms.version,
        "training": {**described(done.terms.training)},
        "arms": _arms(compared, done),
    }


def _arms(compared: Proof, done: Proven) -> list[ProofArm]:
    verdicts = {verdict.arm: verdict for verdict in compared.verdicts}
    rows = []
    for arm in done.terms.ask.arms:
        trials = done.trials[arm.label]
        row: ProofArm = {
            "arm": arm.label,
            "summary": arm.kind.summary,
            "mean": compared.means[arm.label],
            "by_task": compared.task_means[arm.label].tolist(),
            "runs": len(trials),
            "rows": _mean([trial.figures["rows"] for trial in trials]),
            "touched": _mean([trial.figures["touched"] for trial in trials]),
            "updates": _mean([trial.figures["updates"] for trial in trials]),
            "tokens": _mean([trial.figures["tokens"] for trial in trials]),
            "answers": _mean([trial.figures["answers"] for trial in trials]),
            "forward": _mean([trial.figures["forward"] for trial in trials]),
            "backward": _mean([trial.figures["backward"] for trial in trials]),
            "lr": done.rates.of(arm.label) or done.terms.training.lr if arm.kind.chance else None,
            "lrs": {f"{rate:g}": loss for rate, loss in done.rates.losses.get(arm.label, {}).items()},
        }
        rows.append(_judged(row, verdicts[arm.label], done.terms.ask.earlier) if arm.label in verdicts else row)
    return rows


def _confirms(earlier: Earlier) -> ConfirmedRun:
    found = {arm["arm"]: [arm["difference"], arm["half_width"]] for arm in earlier.wins}
    return {"run": str(earlier.run), "found": found}


def _judged(row: ProofArm, verdict: Verdict, earlier: Earlier | None) -> ProofArm:
    state = standing(verdict, earlier)
    if state:
        row = {**row, "standing": state}
    return {
        **row,
        "difference": verdict.difference,
        "half_width": verdict.half_width,
        "verdict": verdict.word,
        "low": verdict.difference - verdict.half_width,
        "high": verdict.difference + verdict.half_width,
        "sentence": verdict.sentence,
        "share_of_runs": verdict.share_of_runs,
        "spreads": verdict.spreads.told() if verdict.spreads else None,
        "more_questions": verdict.more_questions,
        "more_seeds": verdict.more_seeds,
        "notes": verdict.notes,
    }


def _mean(values: list[int]) -> int:
    return round(sum(values) / len(values))


def _warnings(compared: Mapping[str, Proof], done: Proven) -> list[str]:
    ask = done.terms.ask
    notes = [note for arm in ask.arms if arm.source for note in _missing(arm.source, done.trials[arm.label])]
    notes += [*_unequal(done), *done.rates.doubts()]
    for metric, proof in compared.items():
        notes += [f"{verdict.arm}: {note}" for verdict in proof.verdicts for note in verdict.notes]
        if proof.left_out:
            notes.append(_left_out(metric, proof))
    if len(ask.seeds) == 2:
        notes.append("2 seeds say little about chance in training: intervals are wide; 5 make them much narrower")
    return list(dict.fromkeys(notes))


def _unequal(done: Proven) -> list[str]:
    """Return a line on every trained arm that could not be given as many tokens, or rows, as the others have."""
    ask = done.terms.ask
    if ask.same not in (TOKENS, ROWS):
        return []
    what: Literal["tokens", "touched"] = "tokens" if ask.same == TOKENS else "touched"
    means = {arm.label: _mean([one.figures[what] for one in done.trials[arm.label]]) for arm in ask.arms}
    meant = (done.terms.training.tokens if ask.same == TOKENS else done.terms.k) or 1
    verb = "reads {:,} tokens" if ask.same == TOKENS else "touches {:,} different rows"
    return [
        f"{label} {verb.format(count)}, {count / meant - 1:+.0%} of what every arm was to have"
        for label, count in means.items()
        if count and abs(count / meant - 1) > UNEQUAL
    ]


def _left_out(metric: str, proof: Proof) -> str:
    if metric == "loss":
        return f"{proof.left_out:,} questions have no value in some arm and are left out of all"
    return f"{metric} is compared on the {proof.questions:,} questions whose right answer is short enough to be met"


def _missing(source: Path, trials: list[Trial]) -> list[str]:
    kept, used = len(kept_by(source)), trials[0].figures["rows"]
    if used >= kept:
        return []
    return [
        f"{used:,} of {kept:,} rows that {source} kept were trained on: the others are held out, or over the budget"
    ]
