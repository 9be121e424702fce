"""``cuvee evolve``: the model picks its own next data (DiverseEvol)."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("evolve")
def evolve(
    data: list[str],
    *,
    model: str = "smollm2-135m",
    init: int = 100,
    per_round: int = 100,
    rounds: int = 10,
    strategy: str = "k-center",
    whiten: int = 0,
    start: Path | None = None,
    patience: int = 0,
    held_out: str = "5%",
    epochs: float = 3,
    lr: float = 2e-5,
    batch: int = 16,
    max_length: int = 512,
    lora: int = 0,
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
    out: Path = Path("runs/evolve"),
) -> Result:
    """Let a model pick its own training rows, round by round (DiverseEvol, arXiv 2311.08182).

    Starts from a few random rows. Each round trains the base model afresh on the rows chosen so far, lets that model read
    the whole pool, and adds the rows it asks for. Gives the final model, the nested sets (the run's rows in pick order) and
    the curve of held-out loss and diversity. Call it again and it goes on where it was stopped, also inside a round.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.
    model:
        The base model: a folder, a name of `cuvee models list`, a .gguf file, or a hub id.
    init:
        Rows of the first round, drawn at random.
    per_round:
        Rows that each round adds.
    rounds:
        How often the model picks; the final model has seen init + rounds x per_round rows.
    strategy:
        k-center (farthest from everything chosen, in the model's own space), random, least-confidence, margin, entropy.
    whiten:
        Reduce the model's space to this many dimensions of equal variance before k-center; 0 leaves it as it is.
    start:
        A run folder whose kept rows are the first ones, in place of random rows.
    patience:
        Stop when the held-out loss has not fallen for this many rounds, and keep the best round; 0 never stops early.
    held_out:
        Rows, or a share of the clean pool, that no round trains on and every round is judged on.
    epochs:
        Passes over the chosen rows in each round.
    lr:
        Highest learning rate; it warms up over 3 % of the steps and falls as a cosine.
    batch:
        Rows of an optimiser step.
    max_length:
        Tokens of a row that are read; longer rows lose their end.
    lora:
        Rank of LoRA adapters; 0 trains all weights.
    embedder:
        For diversity figures and the map: lexical, static, sentence, or static:PATH, sentence:PATH.
    format:
        same (rows byte for byte), messages, sharegpt, alpaca, prompt-completion.
    file:
        jsonl, parquet or json (one array).
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of nearest-neighbour cosines), auto, or off.
    decontaminate:
        Evaluation files or folders whose items no kept row may hold.
    contamination:
        Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it.
    drop_truncated:
        Drop rows whose answer looks cut off.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    draws:
        Random selections to measure beside.
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
    from cuvee.evolution.run import run_evolve

    return run_evolve(**typed)
