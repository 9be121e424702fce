"""``cuvee select``: from a pool and a budget to the training set."""

from pathlib import Path

from cuvee.names import METHOD
from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb(
    "select", example="cuvee select pool --budget 5% --decontaminate eval", page="docs/concepts.md, docs/selectors.md"
)
def select(
    data: o.Data,
    *,
    budget: o.Budget = "10%",
    method: str = METHOD,
    settings: str = "",
    space: o.Space = "",
    quota: str = "",
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
    given: list[str] | None = None,
    scores: str = "",
    model: o.Model = "smollm2-135m",
    max_length: o.MaxLength = 2048,
    device: o.Device = None,
    precision: o.Precision = None,
    base_url: o.BaseUrl = "",
    judge_model: o.JudgeModel = "",
    judge_settings: o.JudgeSettings = "",
    max_tokens_spent: o.MaxTokensSpent = None,
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    tokenizer: str | None = None,
    draws: o.Draws = 5,
    strict: o.Strict = False,
    row_mb: o.RowMb = 16,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/select"),
) -> Result:
    """Choose the rows of a pool that a budget deserves, best first, and account for every other one.

    Reads any instruction data, cleans it, embeds what stands, chooses, measures the choice beside random ones of the same
    size, and writes a run folder. Call it again with the same settings and it continues or reports what is there.

    Parameters
    ----------
    method:
        uniform, stratified, top, length, k-center, k-means, facility-location, herding, forms, cluster-draw, mig, deita,
        deita-proxy, density, long-tail, or package.module:object.
    settings:
        The method's own settings: "by=task,temperature=2".
    quota:
        What each source or task gets: "gsm8k=30%,t0<=20%,dolly>=100,alpaca=x2". A name is a source, a task or the beginning
        of one; x2 is a weight, twice what the method would take. What was drawn is told, and written as mixing weights.
    given:
        Run folders whose kept rows count as taken: they are not chosen again, and the choice works around them.
    scores:
        Scores to compute and put in the ledger, for instance "length,rarity". loss, perplexity, ifd, ifd-ppl and
        uncertainty-... are read by --model, those that start with judge- ask a chat model.
    tokenizer:
        A tokenizer.json that token counts are made with; else they are estimated as bytes / 4.
    """
    from cuvee.intake.asked import CleanOptions, PoolOptions
    from cuvee.intake.judge import JudgeOptions
    from cuvee.intake.sources import ReadOptions
    from cuvee.models.place import ModelPlace
    from cuvee.publication.asked import Publishing
    from cuvee.selection.asked import SelectOptions
    from cuvee.selection.run import run_select

    read = ReadOptions(
        data=data, columns=columns, dialect=dialect, strict=strict, row_mb=row_mb, keep_special=keep_special
    )
    clean = CleanOptions(
        near=near,
        near_vectors=near_vectors,
        decontaminate=decontaminate,
        contamination=contamination,
        keep_empty=keep_empty,
        drop_truncated=drop_truncated,
    )
    judge = JudgeOptions(
        base_url=base_url,
        judge_model=judge_model,
        judge_settings=judge_settings,
        max_tokens_spent=max_tokens_spent,
    )
    pool = PoolOptions(read=read, clean=clean, embedder=embedder, tokenizer=tokenizer, given=given, seed=seed)
    options = SelectOptions(
        pool=pool,
        publishing=Publishing(format=format, file=file, draws=draws),
        judge=judge,
        budget=budget,
        method=method,
        settings=settings,
        space=space,
        quota=quota,
        scores=scores,
        model=model,
        max_length=max_length,
        place=ModelPlace(device=device, precision=precision),
    )
    with options.place.used():
        return run_select(options, out=out, dry_run=dry_run, replace=replace)
