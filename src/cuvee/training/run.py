"""Train: read a selection or any instruction data, fine-tune a model on it, publish the weights and the loss curve."""

import tempfile
from pathlib import Path

import numpy as np

from cuvee.errors import InputError
from cuvee.intake.read import Source, read_inputs
from cuvee.intake.readable import as_read, can_teach
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.result import Result
from cuvee.runs import Claim, Run, Step, open_run, sha256, write_json
from cuvee.training import mixtures, reporting, sft
from cuvee.training.asked import MixtureRun, TrainAsk, TrainOptions, Trajectory, bind
from cuvee.training.fresh import adapters, fresh
from cuvee.training.mixed import MixedRows
from cuvee.training.published import TrainFigures, publish
from cuvee.training.replaying import TRAJECTORY, replay
from cuvee.training.settings import described


def run_train(options: TrainOptions, *, out: Path, dry_run: bool, replace: bool) -> Result:
    """Do what ``cuvee.verbs.train`` says."""
    ask = bind(options)
    if dry_run:
        with tempfile.TemporaryDirectory() as folder, open_run(Path(folder)) as run:
            return _plan(ask, run, Path(out))
    with open_run(Path(out), Claim("train", ask.typed, replace)) as run:
        source = _read(run, ask)
        return publish(run, ask, source, _trained(run, ask, source))


def _read(run: Run, ask: TrainAsk) -> Source:
    return mixtures.read(ask.on.run) if isinstance(ask.on, MixtureRun) else read_inputs(run, ask.on.read)


def _rows(ask: TrainAsk, source: Source, model: Causal) -> list[Encoded]:
    return as_read(source.table, model.tokenizer, min(ask.training.max_length, model.max_length))


def _trained(run: Run, ask: TrainAsk, source: Source) -> Step:
    """Train in one step of the run, which goes on from its checkpoints after a kill."""

    def make(folder: Path) -> None:
        model = fresh(ask.base, ask.training, seed=ask.seed)
        with reporting.told(run.path):
            done = _taught(ask, source, model, folder / "model")
        figures: TrainFigures = {
            "steps": done.steps,
            "tokens": done.tokens,
            "rows": done.rows,
            "left_out": done.left_out,
            "truncated": done.truncated,
            "seconds": done.seconds,
            "device": model.device,
            "curve": done.curve,
        }
        write_json(folder / "figures.json", figures)

    depends = {
        "source": source.fingerprint,
        "base": causal.version_of(ask.base),
        "training": described(ask.training),
        "adapters": adapters(ask.training),
        "seed": ask.seed,
    }
    if isinstance(ask.on, Trajectory):
        depends["trajectory"] = sha256(ask.on.run / TRAJECTORY)
    return run.step("train", depends, make, resumable=True)


def _taught(ask: TrainAsk, source: Source, model: Causal, folder: Path) -> sft.Trained:
    rows = _rows(ask, source, model)
    if isinstance(ask.on, MixtureRun):
        mixed = MixedRows(mixtures.mixture(ask.on.run, source), rows)
        return mixtures.train(model, mixed, ask.training, folder, seed=ask.seed)
    say(f"training  {ask.model} on {len(rows):,} rows, {model.device}")
    feed = replay(ask.on.run, len(rows)) if isinstance(ask.on, Trajectory) else None
    return sft.train(model, rows, ask.training, folder, seed=ask.seed, feed=feed)


def _plan(ask: TrainAsk, run: Run, out: Path) -> Result:
    """Count the tokens and measure the speed; train nothing."""
    from cuvee.training.rate import tokens_per_second

    source, model = _read(run, ask), fresh(ask.base, ask.training, seed=ask.seed)
    rows = _rows(ask, source, model)
    usable = [row for row in rows if can_teach(row)]
    if not usable:
        raise InputError("no row has an answer token to learn from", "raise --max-length, or look at the rows' answers")
    lengths = [len(row) for row in usable]
    if isinstance(ask.on, MixtureRun):
        lengths = mixtures.lengths(ask.on.run, source, rows, model.max_length)
    mean = float(np.mean(lengths))
    steps = ask.training.updates(len(lengths), mean)
    tokens = round(steps * mean * min(ask.training.batch, len(lengths)))
    rate = tokens_per_second(model, usable, ask.training)
    speed = f"{tokens:,} tokens at about {rate:,.0f} tokens/s on {model.device}"
    what = f"train {ask.model} for {steps:,} steps: {speed}"
    files = [{"file": info["file"], "rows": info["rows"]} for info in source.files]
    plan = {"files": files, "steps": [what, f"publish to {out}"], "rows": len(lengths), "notes": []}
    return Result(out, {"plan": {**plan, "seconds": round(tokens / rate), "tokens": tokens}})
