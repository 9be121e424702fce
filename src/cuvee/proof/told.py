"""What a proof tells: its table, its sentence, its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuvee import commands
from cuvee.arrays import F64, I64
from cuvee.intake.ground import Ground, kept_by
from cuvee.proof.asked import UNITS, ProofAsk, _plain
from cuvee.result import Summary
from cuvee.result.proofs import ProofArm, ProofFigures
from cuvee.result.summary import SelectionFacts
from cuvee.runs import versions
from cuvee.statistics import Proof
from cuvee.training.settings import Training, described

Figures = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One arm with one seed. values: metric -> (q,) of every question, NaN where it has none. rows: of the pool, best first."""

    seed: int
    values: Mapping[str, F64]
    rows: I64
    figures: Figures


@dataclass(frozen=True)
class Proven:
    """A finished loop. ids, tasks: of the questions. trials: arm -> its runs, in order of seeds."""

    wanted: ProofAsk
    ground: Ground
    ids: list[str]
    tasks: list[str]
    trials: Mapping[str, list[Trial]]
    training: Training
    version: str  # of the base model
    notes: list[str]


def _told(compared: Mapping[str, Proof], done: Proven, folder: Path) -> Summary:
    typed, wanted = done.wanted.typed, done.wanted
    command = commands.command("prove", typed, folder)
    first, *others = [_proof(metric, found, done) for metric, found in compared.items()]
    updates = {figures["updates"] for figures in first["arms"] if figures["updates"]}
    facts: SelectionFacts = {
        "budget": typed["budget"], "model": typed["model"], "seeds": len(wanted.seeds), "questions": first["questions"],
        "tasks": len(first["tasks"]), "updates": ", ".join(f"{number:,}" for number in sorted(updates)),
        "pool": f"{len(done.ground.pool):,} rows",
    }  # fmt: skip
    return {
        "title": f"proof: {len(wanted.arms)} arms, {len(wanted.seeds)} seeds, {first['questions']:,} questions",
        "command": command,
        "rows": {},
        "selection": facts,
        "sentence": sentence(compared, typed["level"]),
        "proof": first | {"also": others},
        "settings": {name: _plain(value) for name, value in typed.items() if value not in (None, "", [])},
        "reproduce": [command],
        "versions": versions(),
        "warnings": [*done.ground.notes, *done.notes, *_warnings(compared, done)],
    }


def _proof(metric: str, compared: Proof, done: Proven) -> ProofFigures:
    typed = done.wanted.typed
    return {
        "metric": metric, "reference": compared.reference, "unit": UNITS[metric], "better": compared.better,
        "level": typed["level"], "questions": compared.questions, "left_out": compared.left_out,
        "tasks": compared.tasks, "seeds": list(done.wanted.seeds), "same": typed["same"],
        "pair_seeds": typed["pair_seeds"], "base": done.version, "training": described(done.training),
        "arms": _arms(compared, done),
    }  # fmt: skip


def _arms(compared: Proof, done: Proven) -> list[ProofArm]:
    verdicts = {verdict.arm: verdict for verdict in compared.verdicts}
    found = []
    for arm in done.wanted.arms:
        trials = done.trials[arm.label]
        row: ProofArm = {
            "arm": arm.label,
            "summary": arm.kind.summary,
            "mean": compared.means[arm.label],
            "by_task": compared.task_means[arm.label].tolist(),
            "runs": len(trials),
            "rows": _mean([trial.figures["rows"] for trial in trials]),
            "updates": _mean([trial.figures["updates"] for trial in trials]),
            "tokens": _mean([trial.figures["tokens"] for trial in trials]),
        }
        verdict = verdicts.get(arm.label)
        if verdict is not None:
            row |= {
                "difference": verdict.difference, "half_width": verdict.half_width, "verdict": verdict.word,
                "low": verdict.difference - verdict.half_width, "high": verdict.difference + verdict.half_width,
                "sentence": verdict.sentence, "share_of_runs": verdict.share_of_runs,
                "more_questions": verdict.more_questions, "more_seeds": verdict.more_seeds, "notes": verdict.notes,
            }  # fmt: skip
        found.append(row)
    return found


def _mean(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None


def sentence(compared: Mapping[str, Proof], level: float) -> str:
    """Return the outcome by each metric in one sentence: who beats the reference, who loses, who cannot be told from it."""
    parts = {metric: outcome(found) for metric, found in compared.items()}
    told = "; ".join(parts.values() if len(parts) == 1 else (f"by {name}: {part}" for name, part in parts.items()))
    return f"{told.replace('exact_match', 'exact match')} (chance of any false claim at most {1 - level:.0%})"


def outcome(compared: Proof) -> str:
    """Return who beats the reference, who loses to it, and who cannot be told from it."""
    named = {
        word: [verdict.arm for verdict in compared.verdicts if verdict.word == word]
        for word in ("beats", "loses", "open")
    }
    forms = {"beats": ("beats", "beat"), "loses": ("loses to", "lose to"), "open": ("cannot be told from",) * 2}
    parts = [f"{_and(arms)} {forms[word][len(arms) > 1]} {compared.reference}" for word, arms in named.items() if arms]
    return "; ".join(parts) or f"only {compared.reference} was trained: nothing to compare"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _warnings(compared: Mapping[str, Proof], done: Proven) -> list[str]:
    found = [note for arm in done.wanted.arms if arm.source for note in _missing(arm.source, done.trials[arm.label])]
    for metric, of in compared.items():
        found += [f"{verdict.arm}: {note}" for verdict in of.verdicts for note in verdict.notes]
        if of.left_out and metric == "loss":
            found.append(f"{of.left_out:,} questions have no value in some arm and are left out of all")
        elif of.left_out:
            found.append(
                f"{metric} is compared on the {of.questions:,} questions whose right answer is short enough to be met"
            )
    if len(done.wanted.seeds) == 2:
        found.append("2 seeds say little about chance in training: intervals are wide; 5 make them much narrower")
    return list(dict.fromkeys(found))


def _missing(source: Path, trials: list[Trial]) -> list[str]:
    kept, used = len(kept_by(source)), trials[0].figures["rows"]
    return [
        f"{used:,} of {kept:,} rows that {source} kept were trained on: the others are held out, or over the budget"
    ] * (used < kept)
