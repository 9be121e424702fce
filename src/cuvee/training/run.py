"""Train: read a selection or any instruction data, fine-tune a model on it, publish the weights and the loss curve."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import budget as budgets
from cuvee import commands, render
from cuvee.commands import pairs, paths
from cuvee.errors import ConfigError, InputError
from cuvee.intake.read import Source, read_inputs
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.render import Encoded
from cuvee.reports import training as page
from cuvee.result import Result
from cuvee.result.summary import TrainingSummary
from cuvee.runs import Run, Step, open_run, sha256, versions, write_json
from cuvee.training import mixtures, sft
from cuvee.training.replaying import TRAJECTORY, replay
from cuvee.training.settings import Training, described

SOME = 1 << 31  # rows that a trajectory may name before the data is read
EPOCHS = 3.0  # where no budget is given, as in DiverseEvol
OPTIONS = ("lr", "schedule", "warmup", "batch", "max_length", "weight_decay", "clip", "micro_tokens", "save_every")


@dataclass(frozen=True)
class TrainAsk:
    """A checked ``cuvee train``. data: the files behind what was typed; base: the folder of the model to start from.

    mixture: the run of ``cuvee interpolate`` whose rows and blends are trained on, in place of files. replayed: the run folder
    whose trajectory is followed, None for shuffled epochs.
    """

    data: list[str]
    base: Path
    training: Training
    replayed: Path | None
    typed: dict[str, Any]
    mixture: Path | None = None


def run_train(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.train`` says."""
    wanted = bind(typed)
    if dry_run:
        with tempfile.TemporaryDirectory() as folder, open_run(Path(folder)) as run:
            return _plan(wanted, run, Path(out))
    with open_run(Path(out)) as run:
        source = _read(run, wanted)
        step = _trained(run, wanted, source)
        return _publish(run, wanted, source, step)


def bind(typed: dict[str, Any]) -> TrainAsk:
    """Check everything that can be checked without reading the data."""
    mixture = mixtures.run_of(paths(typed["data"]))
    data = paths(typed["data"]) if mixture else [chosen(path) for path in paths(typed["data"])]
    replayed = _replayed(typed, data)
    if mixture and replayed:
        raise ConfigError("a mixture has no trajectory", "leave out --replay")
    if replayed:
        typed = {**typed, "steps": len(replay(replayed, SOME).trajectory)}
    tokens = budgets.parse(f"{typed['tokens']}tok").amount if typed["tokens"] else None
    epochs = EPOCHS if (typed["epochs"], typed["steps"], tokens) == (None, None, None) else typed["epochs"]
    training = Training(
        epochs=epochs,
        steps=typed["steps"],
        tokens=None if tokens is None else int(tokens),
        lora=typed["lora"] or None,
        **{name: typed[name] for name in OPTIONS},
    )
    return TrainAsk(data, causal.folder_of(typed["model"]), training, replayed, typed, mixture)


def _replayed(typed: dict[str, Any], data: list[str]) -> Path | None:
    """Return the run folder that is replayed. Raises ConfigError where that is not one folder, or a budget is named too."""
    if not typed["replay"]:
        return None
    if any(typed[name] is not None for name in ("epochs", "steps", "tokens")):
        raise ConfigError("a replay has its own steps", "leave out epochs, steps and tokens")
    folder = Path(paths(typed["data"])[0])
    if len(data) != 1 or not folder.is_dir():
        raise InputError("a replay follows one run folder", "name a run of `cuvee adapt`")
    return folder


def chosen(path: str) -> str:
    """Return the training set of a run folder, in pick order; any other path as it is.

    Raises InputError for a run folder that holds no training set.
    """
    if not (Path(path) / "manifest.json").is_file():
        return path
    found = sorted(Path(path).glob("selected.*"))
    if not found:
        raise InputError(f"{path} is a run folder without selected rows", "name a run of `cuvee select`, or data files")
    return str(found[0])


def _read(run: Run, wanted: TrainAsk) -> Source:
    typed = wanted.typed
    if wanted.mixture:
        return mixtures.read(wanted.mixture)
    columns = {key: str(value) for key, value in pairs(typed["columns"], "columns").items()}
    return read_inputs(run, wanted.data, columns=columns, dialect=typed["dialect"], strict=typed["strict"])


def encoded(source: Source, tokenizer: Any, longest: int) -> list[Encoded]:
    """Return the tokens of every sample, in the source's order, by the model's own chat template."""
    table = source.table
    return render.encode_all(
        table["messages"].to_pylist(), tokenizer, max_length=longest, tools=table["tools"].to_pylist()
    )


def _trained(run: Run, wanted: TrainAsk, source: Source) -> Step:
    """Train in one step of the run, which goes on from its checkpoints after a kill."""
    seed, settings = wanted.typed["seed"], wanted.training

    def make(folder: Path) -> None:
        model = _fresh(wanted)
        rows = encoded(source, model.tokenizer, min(settings.max_length, model.max_length))
        if wanted.mixture:
            done = mixtures.train(model, rows, source, wanted.mixture, settings, folder / "model", seed=seed)
        else:
            say(f"training  {wanted.typed['model']} on {len(rows):,} rows, {model.device}")
            feed = replay(wanted.replayed, len(rows)) if wanted.replayed else None
            done = sft.train(model, rows, settings, folder / "model", seed=seed, feed=feed)
        figures = {
            name: getattr(done, name) for name in ("steps", "tokens", "rows", "left_out", "truncated", "seconds")
        }
        write_json(folder / "figures.json", {**figures, "device": model.device, "curve": done.curve})

    depends = {"source": source.fingerprint, "base": causal.version_of(wanted.base)}
    if wanted.replayed:
        depends["trajectory"] = sha256(wanted.replayed / TRAJECTORY)
    return run.step("train", {**depends, "training": described(settings), "seed": seed}, make, resumable=True)


def _fresh(wanted: TrainAsk) -> Causal:
    model = causal.load(wanted.base)
    rank = wanted.training.lora
    return causal.with_lora(model, rank=rank, alpha=2 * rank, seed=wanted.typed["seed"]) if rank else model


def _publish(run: Run, wanted: TrainAsk, source: Source, trained: Step) -> Result:
    figures = orjson.loads((trained.path / "figures.json").read_bytes())
    told = _told(wanted, source, figures, run.path)

    def make(folder: Path) -> None:
        write_json(folder / "summary.json", told)
        page.write(told, folder / "report.html")

    step = run.step("publish", {"train": trained.fingerprint, "told": told}, make)
    files = run.publish(step, ["report.html", "summary.json"])
    model = run.publish_folder(trained, "model")
    rate = figures["tokens"] / max(figures["seconds"], 1e-9)
    outputs = [{"file": str(path.relative_to(run.path)), "sha256": sha256(path)} for path in sorted(model.iterdir())]
    run.finish(
        {
            "verb": "train",
            "settings": {
                name: str(value) if isinstance(value, Path) else value for name, value in wanted.typed.items()
            },
            "seed": wanted.typed["seed"],
            "inputs": source.files,
            "outputs": outputs,
            "model": {"name": wanted.typed["model"], "version": causal.version_of(wanted.base)},
            "training": {**{key: value for key, value in figures.items() if key != "curve"}, "tokens per second": rate},
        }
    )
    told["training"]["tokens per second"] = round(rate)
    on = wanted.mixture / "selected.jsonl" if wanted.mixture else wanted.data[0]
    return Result(run.path, told, [model, *files], next=f"cuvee evaluate {model} --on {on}")


def _told(wanted: TrainAsk, source: Source, figures: dict[str, Any], out: Path) -> TrainingSummary:
    """Return the summary that page and terminal show; it holds no times, so equal runs tell equal things."""
    first, last = _ends([point["loss"] for point in figures["curve"]])
    names = {
        "rows": "rows",
        "left_out": "rows without an answer",
        "truncated": "rows cut",
        "steps": "steps",
        "tokens": "tokens",
    }
    warnings = mixtures.doubts(wanted.mixture, causal.version_of(wanted.base)) if wanted.mixture else []
    if figures["truncated"]:
        warnings.append(
            f"{figures['truncated']:,} rows were longer than {wanted.training.max_length} tokens and lost their end"
        )
    if source.quarantined:
        warnings.append(f"{len(source.quarantined):,} rows could not be read; `cuvee inspect` shows them")
    return {
        "title": f"{wanted.typed['model']} on {figures['rows']:,} rows",
        "sentence": f"Loss {first:.3f} at the start, {last:.3f} at the end, per answer token of the rows it learns from.",
        "command": commands.command("train", wanted.typed, out),
        "training": {shown: figures[name] for name, shown in names.items()}
        | {"first loss": round(first, 4), "last loss": round(last, 4)},
        "loss": [[point["step"], point["loss"], point["lr"]] for point in figures["curve"]],
        "settings": {key: value for key, value in wanted.typed.items() if value not in (None, "", [], 0)},
        "versions": versions(),
        "warnings": warnings,
    }


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """Return the mean of the first and of the last tenth of the steps, at least one of each: one step is noise."""
    tenth = max(1, len(losses) // 10)
    return float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))


def _plan(wanted: TrainAsk, run: Run, out: Path) -> Result:
    """Count the tokens and measure the speed; train nothing."""
    from cuvee.training.rate import tokens_per_second

    source, model = _read(run, wanted), _fresh(wanted)
    rows = encoded(source, model.tokenizer, min(wanted.training.max_length, model.max_length))
    usable = [row for row in rows if row.answer[1:].any()]
    if not usable:
        raise InputError("no row has an answer token to learn from", "raise --max-length, or look at the rows' answers")
    lengths = mixtures.lengths(wanted.mixture, source, rows) if wanted.mixture else [len(row) for row in usable]
    mean = float(np.mean(lengths))
    steps = wanted.training.updates(len(lengths), mean)
    tokens = round(steps * mean * min(wanted.training.batch, len(lengths)))
    rate = tokens_per_second(model, usable, wanted.training)
    speed = f"{tokens:,} tokens at about {rate:,.0f} tokens/s on {model.device}"
    what = f"train {wanted.typed['model']} for {steps:,} steps: {speed}"
    files = [{"file": info["file"], "rows": info["rows"]} for info in source.files]
    plan = {"files": files, "steps": [what, f"publish to {out}"], "rows": len(lengths), "notes": []}
    return Result(out, {"plan": {**plan, "seconds": round(tokens / rate), "tokens": tokens}})
