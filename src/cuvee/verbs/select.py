"""``cuvee select``: from a pool and a budget to the training set."""

from pathlib import Path
from typing import Any

from cuvee.commands import verb
from cuvee.result import Result


@verb("select")
def select(
    data: list[str],
    *,
    budget: str = "10%",
    method: str = "k-center",
    settings: str = "",
    embedder: str | None = None,
    format: str = "same",
    file: str = "jsonl",
    near: float = 0.8,
    near_vectors: str = "off",
    decontaminate: list[str] | None = None,
    contamination: float = 0.65,
    keep_empty: bool = False,
    drop_truncated: bool = False,
    given: list[str] | None = None,
    scores: str = "",
    model: str | None = None,
    max_length: int = 0,
    base_url: str = "",
    judge_model: str = "",
    judge_settings: str = "",
    max_tokens_spent: int | None = None,
    columns: str = "",
    dialect: str | None = None,
    tokenizer: str | None = None,
    draws: int = 5,
    strict: bool = False,
    dry_run: bool = False,
    seed: int = 0,
    out: Path = Path("runs/select"),
) -> Result:
    """Choose the rows of a pool that a budget deserves, best first, and account for every other one.

    Reads any instruction data, cleans it, embeds what stands, chooses, measures the choice beside random ones of the same
    size, and writes a run folder. Call it again with the same settings and it continues or reports what is there.

    Parameters
    ----------
    data:
        Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.
    budget:
        Rows (1000), a share of the clean pool (5%), or tokens (2Mtok).
    method:
        uniform, stratified, top, k-center, k-means, facility-location, deita, density, long-tail, or package.module:object.
    settings:
        The method's own settings: "by=task,temperature=2".
    embedder:
        lexical, static, sentence, hidden (the space of a language model), or static:PATH and so on. Default: static if it
        was fetched, else lexical.
    format:
        same (rows byte for byte), messages, sharegpt, alpaca, prompt-completion.
    file:
        jsonl, parquet or json (one array).
    near:
        Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.
    near_vectors:
        Also drop by cosine: a number, q0.99 (a quantile of the pool's nearest-neighbour cosines), auto (calibrated for the
        embedder), or off.
    decontaminate:
        Evaluation files or folders whose items no kept row may hold.
    contamination:
        Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it.
    keep_empty:
        Keep rows whose answer is empty.
    drop_truncated:
        Drop rows whose answer looks cut off; they are flagged in any case.
    given:
        Run folders whose kept rows count as taken: they are not chosen again, and the choice works around them.
    scores:
        Scores to compute and put in the ledger, for instance "length,rarity". Those that start with judge- ask a chat model.
    model:
        The language model of the scores loss, perplexity, ifd and uncertainty-...: a folder, a catalogue name, a GGUF file or
        a hub id. Default: smollm2-135m.
    max_length:
        Tokens that such a score reads of a row, the rest of the answer is cut; 0: 2,048, or fewer where the model reads fewer.
    base_url:
        An OpenAI-compatible server, up to and including /v1: "http://localhost:8000/v1".
    judge_model:
        The name of the chat model on that server.
    judge_settings:
        "concurrency=8,per_minute=60,timeout=120,tries=5,temperature=0,max_tokens=512,key=VARIABLE"; key names the environment
        variable that holds the server's key, OPENAI_API_KEY where it is left out.
    max_tokens_spent:
        Stop before the judge has used more tokens, in and out, in this call; its replies are kept, and the next call goes on.
    columns:
        Where the columns have names of their own: "instruction=q,output=a".
    dialect:
        Read every row as this dialect.
    tokenizer:
        A tokenizer.json that token counts are made with; else they are estimated as bytes / 4.
    draws:
        Random selections to measure beside.
    strict:
        Stop at the first row that cannot be read.
    dry_run:
        Say what would be done and what it would cost, and stop.
    seed:
        Of all chance.
    out:
        The run folder.
    """
    settings_given: dict[str, Any] = dict(locals())
    from cuvee.selection.run import run_select

    return run_select(**settings_given)
