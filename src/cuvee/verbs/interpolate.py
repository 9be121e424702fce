"""``cuvee interpolate``: new training points between rows of different tasks (MDIT)."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("interpolate")
def interpolate(
    data: list[str],
    *,
    model: str = "smollm2-135m",
    budget: str = "10%",
    alpha: float = 1.0,
    blends: str = "1x",
    clusters: int = 100,
    density: str = "nearest",
    rows: float = 0.0,
    tasks: str = "auto",
    pairing: str = "any",
    space: str = "model",
    max_length: int = 512,
    embedder: str | None = None,
    format: str = "same",
    file: str = "jsonl",
    near: float = 0.8,
    near_vectors: str = "off",
    decontaminate: list[str] | None = None,
    contamination: float = 0.65,
    drop_truncated: bool = False,
    columns: str = "",
    dialect: str | None = None,
    draws: int = 5,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/interpolate"),
) -> Result:
    """Blend rows of different tasks and keep the densest of rows and blends (MDIT, arXiv 2504.07288).

    A blend is two rows of different tasks and a share, lambda: their token embeddings and their targets are mixed inside the
    model when `cuvee train` reads this run; no text is made and no other model is asked. Rows and blends are clustered together
    by their vectors, and every cluster gives an equal share of the budget, densest first.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.
    model:
        The model that will be tuned: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    budget:
        Rows and blends to keep: a number (1000), a share of the clean rows (5%) or tokens (2Mtok).
    alpha:
        Of Beta(alpha, alpha), which lambda is drawn from: near 0 rows stay as they are, 1 is uniform, a large one sits at 1/2.
    blends:
        How many are drawn: a number, or a multiple of the clean rows (1x). 0 keeps rows only.
    clusters:
        Clusters of rows and blends together; also the most tasks that are made where rows have no label.
    density:
        What dense means: nearest (to the cluster's centre) or knn (the nearest 10 of the cluster).
    rows:
        Least share of the budget that is kept as real rows, from 0 to 1.
    tasks:
        auto (the row's task label, else a k-means cluster), labels (the label, else the source) or clusters.
    pairing:
        any, or length: partners of similar length, so that little of a blend has one side only.
    space:
        model (the mean of a row's token embeddings, the layer in which rows are mixed) or embedder.
    max_length:
        Tokens of a row that are read; longer rows lose their end.
    embedder:
        For tasks without labels, for what lies too near, and for --space embedder: lexical, static, sentence, or with :PATH.
    format:
        Of the kept real rows: same (byte for byte), messages, sharegpt, alpaca, prompt-completion.
    file:
        jsonl, parquet or json (one array).
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of nearest-neighbour cosines), auto, or off.
    decontaminate:
        Evaluation files or folders whose items no row may hold, so that no blend does.
    contamination:
        Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it.
    drop_truncated:
        Drop rows whose answer looks cut off.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    draws:
        Random sets of rows to measure beside.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Say what would be done, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    typed: dict[str, Any] = dict(locals())
    from cuvee.interpolation.run import run_interpolate

    return run_interpolate(**typed)
