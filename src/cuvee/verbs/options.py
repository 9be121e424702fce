"""The options that several verbs share: the type and the words of each, once. ``commands.verb`` puts the words into help.

One name means one thing in every verb; what has to differ stands in ``DIFFERS`` with its reason, and a test compares the rest.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from cuvee import commands

# Input.
# The command line gives paths and words; a Python caller may give more (``verbs.face``).
if TYPE_CHECKING:
    Data = commands.Given
    Decontaminate = commands.Paths
    Amount = commands.Amount
    Budget = commands.Amount
    HeldOut = commands.Amount
else:
    Data = Annotated[
        list[str],
        'Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.',
    ]
    Decontaminate = Annotated[list[str] | None, "Evaluation files or folders whose items no kept row may hold."]
    Amount = str
    Budget = Annotated[str, "Rows (1000), a share of the clean pool (5%), or tokens (2Mtok)."]
    HeldOut = Annotated[str, "Rows, or a share of them, that nothing is trained on and every model is judged on."]
Columns = Annotated[str, 'Where the columns have names of their own: "instruction=q,output=a".']
Dialect = Annotated[str | None, "Read every row as this dialect."]
Strict = Annotated[bool, "Stop at the first row that cannot be read."]
RowMb = Annotated[float, "Megabytes of a row, at most: a longer one is put aside while it is read."]
Limit = Annotated[
    int | None, "Questions per file, or passages or rows in all, at most; drawn by content or seed. Default: all."
]

# What is chosen.
Embedder = Annotated[
    str | None,
    "What rows are told apart by: lexical, static, sentence, hidden (the space of a language model), or static:PATH and so on. "
    "Default: static if it was fetched, else lexical.",
]
Clusters = Annotated[int, "Groups of similar rows, by k-means on their vectors."]

Space = Annotated[
    str,
    "What the chooser sees of the vectors: whiten=512 (so many axes, equally wide), without=length (log tokens of prompt and "
    "answer regressed out), form (the prompt's template and the answer's kind in their place), or several with a comma.",
]

# What falls before anything is chosen.
Near = Annotated[
    float,
    "Drop a row that shares this share of its word 3-grams (Jaccard) with an earlier kept one; 0 looks for none.",
]
NearVectors = Annotated[
    str,
    "Also drop by cosine: a number, q0.99 (a quantile of the pool's nearest-neighbour cosines), auto (calibrated for the "
    "embedder), or off.",
]
Contamination = Annotated[
    float, "Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it."
]
KeepEmpty = Annotated[bool, "Keep rows whose answer is empty; a row without an answer teaches a model nothing."]
KeepSpecial = Annotated[
    bool,
    "Leave end marks of chat templates (<|endoftext|>, </s>, ...) at the tail of answers; else they are taken off, and the "
    "ledger says so.",
]
DropTruncated = Annotated[bool, "Drop rows whose answer looks cut off; they are flagged in any case."]

# The model.
Model = Annotated[str, "The language model: a folder, a name of `cuvee models list`, a .gguf file, or a hub id."]
MaxLength = Annotated[
    int,
    "Most tokens of a row that the model reads; a longer row loses its end (`distill train` leaves it out, `models grow` "
    "reads it in pieces).",
]
MaxNewTokens = Annotated[int, "Most tokens of an answer that the model writes."]
Temperature = Annotated[float, "0 takes the likeliest token; else tokens are drawn, with the seed."]
Device = Annotated[str | None, "Where the model works: cpu, cuda, cuda:1. Default: a GPU where there is one."]
Precision = Annotated[str | None, "Of the model's weights: float32, bfloat16 or float16. Default: by device."]

# How it is trained.
Epochs = Annotated[float, "Passes over the rows that are trained on; may be a fraction."]
Steps = Annotated[int, "Optimiser steps of a training."]
Tokens = Annotated[str | None, "Tokens to read in a training, in place of epochs: 2M."]
Lr = Annotated[
    float, "Highest learning rate; it rises over the first steps (3 % where nothing else is said) and falls after."
]
Schedule = Annotated[str, "How the learning rate falls: cosine, linear or constant."]
Warmup = Annotated[float, "Share of the steps in which the learning rate rises."]
Batch = Annotated[int, "Rows of an optimiser step."]
Lora = Annotated[int, "Rank of LoRA adapters, whose scale (alpha over rank) is always 2; 0 trains all weights."]
SaveEvery = Annotated[int, "Steps between checkpoints; 0 for none."]

# What is judged on, and who judges.
On = Annotated[
    list[str] | None,
    "Evaluation files, folders, globs or hub ids to judge on.",
    Parameter(consume_multiple=True),
]
BaseUrl = Annotated[str, 'An OpenAI-compatible server, up to and including /v1: "http://localhost:8000/v1".']
JudgeModel = Annotated[str, "The name of the chat model on that server."]
JudgeSettings = Annotated[
    str,
    '"concurrency=8,per_minute=60,timeout=120,tries=5,temperature=0,max_tokens=512,key=VARIABLE"; key names the environment '
    "variable that holds the server's key, OPENAI_API_KEY where it is left out; one that is not called *_API_KEY needs "
    "--allow-key NAME as well.",
]
MaxTokensSpent = Annotated[
    int | None,
    "Stop before the server has used more tokens, in and out, in this call; its replies are kept, and the next call goes on.",
]

# What is left behind.
Format = Annotated[
    str,
    "auto (same where the pool has one dialect, else messages), same (rows byte for byte), messages, sharegpt, alpaca, "
    "prompt-completion, dpo (preference pairs), kto (an answer a row, with a label).",
]
File = Annotated[str, "jsonl, parquet or json (one array)."]
Draws = Annotated[int, "Random selections to measure beside."]
DryRun = Annotated[bool, "Say what would be done and about what it would cost, and stop."]
Replace = Annotated[bool, "Make a finished run of other settings in --out anew; its files are removed."]
Seed = Annotated[int, "Of all chance."]
Out = Annotated[Path, "The run folder."]

DIFFERS = {
    ("inspect", "model"): "no model is looked at unless one is named",
    ("inspect", "max_length"): "0 is what the tokenizer reads, whatever the model is",
    ("interpolate", "space"): "where rows are mixed, not what a chooser sees",
    ("evolve", "space"): "of the model's own vectors, which know nothing of forms",
    ("train", "data"): "a run folder is read as well",
    ("distill corpus", "data"): "passages are read as well",
    ("distill", "budget"): "rows that are still to be written have no tokens yet",
    ("train", "epochs"): "none where --steps or --tokens is the budget",
    ("train", "steps"): "none where --epochs or --tokens is the budget",
    ("distill", "model"): "the distiller, which is trained for just that",
    ("report", "run"): "several runs are drawn on one page",
    ("search", "goal"): "none unless one is named, and the arms of a proof take one file",
    ("models grow", "name"): "what a new model is called, not one that there is",
    ("demo", "out"): "a folder for the pool and the run",
    ("report", "out"): "a page, not a run folder",
    ("models grow", "out"): "where to work on a model that lands beside the others",
}
"""(verb, option) -> why its type or its words are its own."""
