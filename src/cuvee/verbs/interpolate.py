"""``cuvee interpolate``: new training points between rows of different tasks (MDIT)."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("interpolate", example="cuvee interpolate pool --model smollm2-135m --budget 5%", page="docs/interpolate.md")
def interpolate(
    data: o.Data,
    *,
    model: o.Model = "smollm2-135m",
    budget: o.Budget = "10%",
    alpha: float = 1.0,
    blends: str = "1x",
    clusters: o.Clusters = 100,
    density: str = "nearest",
    real_share: float = 0.0,
    tasks: str = "auto",
    pairing: str = "any",
    align: str = "answer",
    as_: str = "rows",
    weight: float | None = None,
    space: str = "model",
    max_length: o.MaxLength = 512,
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
    out: o.Out = Path("runs/interpolate"),
) -> Result:
    """Blend rows of different tasks and keep the densest of rows and blends (MDIT, arXiv 2504.07288).

    A blend is two rows of different tasks and a share, lambda: their token embeddings and their targets are mixed inside the
    model when `cuvee train` reads this run; no text is made and no other model is asked. Rows and blends are clustered together
    by their vectors, and every cluster gives an equal share of the budget, densest first.

    Parameters
    ----------
    alpha:
        Of Beta(alpha, alpha), which lambda is drawn from: near 0 rows stay as they are, 1 is uniform, a large one sits at 1/2.
    blends:
        How many are drawn: a number, or a multiple of the clean rows (1x). 0 keeps rows only. As a regulariser: of the rows
        that are kept, and 8x lets eight blends take turns beside each row, one in every epoch.
    density:
        What dense means: nearest (to the cluster's centre) or knn (the nearest 10 of the cluster).
    real_share:
        Least share of the budget that is kept as real rows, from 0 to 1.
    tasks:
        auto (the row's task label, else a k-means cluster), labels (the label, else the source) or clusters.
    pairing:
        any, or length: partners of similar prompt and of similar answer length, so that little of a blend has one side only.
    align:
        answer (both answers start in one place: the shorter prompt is moved right) or start (both rows do, as published).
    as_:
        rows (a blend stands in place of a row, as published) or regulariser: all rows of the budget as rows, and beside them
        blends of the same rows only, those that the model is confident of with those that it is not, whose loss is added.
    weight:
        Of the regulariser: how much the blends' mean loss counts beside the rows', 0 or more; 0.2 where it is not given.
    space:
        model (the mean of a row's token embeddings, the layer in which rows are mixed) or embedder.
    """
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.interpolation.asked import InterpolateOptions
    from cuvee.interpolation.run import run_interpolate
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
    options = InterpolateOptions(
        pool=PoolOptions(read=read, clean=clean, embedder=embedder, seed=seed),
        publishing=Publishing(format=format, file=file, draws=draws),
        model=model,
        budget=budget,
        alpha=alpha,
        blends=blends,
        clusters=clusters,
        density=density,
        real_share=real_share,
        tasks=tasks,
        pairing=pairing,
        align=align,
        as_=as_,
        weight=weight,
        space=space,
        max_length=max_length,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_interpolate(options, out=out, dry_run=dry_run, replace=replace)
