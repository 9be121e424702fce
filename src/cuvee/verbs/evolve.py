"""``cuvee evolve``: the model picks its own next data (DiverseEvol)."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("evolve", example="cuvee evolve pool --model smollm2-135m --rounds 3", page="docs/evolve.md")
def evolve(
    data: o.Data,
    *,
    model: o.Model = "smollm2-135m",
    init: int = 100,
    per_round: int = 100,
    rounds: int = 10,
    strategy: str = "k-center",
    whiten: int = 0,
    space: o.Space = "",
    over: str = "sequence",
    unit: bool = False,
    start: Path | None = None,
    patience: int = 0,
    held_out: o.HeldOut = "5%",
    epochs: o.Epochs = 3,
    lr: o.Lr = 2e-5,
    batch: o.Batch = 16,
    max_length: o.MaxLength = 512,
    lora: o.Lora = 0,
    device: o.Device = None,
    precision: o.Precision = None,
    embedder: o.Embedder = None,
    format: o.Format = "auto",
    file: o.File = "jsonl",
    near: o.Near = 0.8,
    near_vectors: o.NearVectors = "off",
    decontaminate: o.Decontaminate = None,
    contamination: o.Contamination = 0.65,
    keep_empty: o.KeepEmpty = False,
    keep_special: o.KeepSpecial = False,
    drop_truncated: o.DropTruncated = False,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    draws: o.Draws = 5,
    strict: o.Strict = False,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/evolve"),
) -> Result:
    """Let a model pick its own training rows, round by round (DiverseEvol, arXiv 2311.08182).

    Starts from a few random rows. Each round trains the base model afresh on the rows chosen so far, lets that model read
    the whole pool, and adds the rows it asks for. Gives the final model, the nested sets (the run's rows in pick order) and
    the curve of held-out loss and diversity. Call it again and it goes on where it was stopped, also inside a round.

    Parameters
    ----------
    init:
        Rows of the first round, drawn at random.
    per_round:
        Rows that each round adds.
    rounds:
        How often the model picks; the final model has seen init + rounds x per_round rows.
    strategy:
        k-center (farthest from everything chosen, in the model's own space), herding (what represents that space),
        cluster-draw (clusters that the model finds likely more often), random, least-confidence, margin, entropy.
    whiten:
        The same as --space whiten=N: so many axes of the model's space, of equal variance; 0 leaves it as it is.
    space:
        What becomes of the model's own vectors before the next rows are picked: "whiten=512", "without=length" (log tokens of
        prompt and answer regressed out), or both with a comma.
    over:
        What least-confidence, margin and entropy are means over: sequence (prompt and answer, as published) or answer.
    unit:
        Bring the model's vectors to length 1; without it, and without a --space, they are as long as they are, as published.
    start:
        A run folder whose kept rows are the first ones, in place of random rows.
    patience:
        Stop when the held-out loss has not fallen for this many rounds, and keep the best round; 0 never stops early.
    """
    from cuvee.evolution.asked import EvolveOptions
    from cuvee.evolution.run import run_evolve
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.publication.asked import Publishing

    read = ReadOptions(data=data, columns=columns, dialect=dialect, strict=strict, keep_special=keep_special)
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        keep_empty=keep_empty,
        drop_truncated=drop_truncated,
    )
    options = EvolveOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        publishing=Publishing(format=format, file=file, draws=draws),
        model=model,
        init=init,
        per_round=per_round,
        rounds=rounds,
        strategy=strategy,
        whiten=whiten,
        space=space,
        over=over,
        unit=unit,
        start=start,
        patience=patience,
        held_out=held_out,
        epochs=epochs,
        lr=lr,
        batch=batch,
        max_length=max_length,
        lora=lora,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_evolve(options, out=out, dry_run=dry_run, replace=replace)
