"""The options that several verbs share: the type and the words of each, once. ``commands.verb`` puts the words into help.

An option whose words differ from verb to verb is described in the verb's own docstring.
"""

from pathlib import Path
from typing import Annotated

# The pool.
Data = Annotated[
    list[str],
    'Files, folders, globs, "-" for standard input, or a hub id. Dialects and compression are told apart by themselves.',
]
Columns = Annotated[str, 'Where the columns have names of their own: "instruction=q,output=a".']
Dialect = Annotated[str | None, "Read every row as this dialect."]
Strict = Annotated[bool, "Stop at the first row that cannot be read."]
RowMb = Annotated[float, "Megabytes of a row, at most: a longer one is put aside while it is read."]
Embedder = Annotated[
    str | None,
    "What rows are told apart by: lexical, static, sentence, hidden (the space of a language model), or static:PATH and so on. "
    "Default: static if it was fetched, else lexical.",
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
Decontaminate = Annotated[list[str] | None, "Evaluation files or folders whose items no kept row may hold."]
Contamination = Annotated[
    float, "Share of an item's word 3-grams, rare ones weighing most, from which a row counts as holding it."
]
DropTruncated = Annotated[bool, "Drop rows whose answer looks cut off; they are flagged in any case."]

# The model, and how it is trained.
Model = Annotated[str, "The base model: a folder, a name of `cuvee models list`, a .gguf file, or a hub id."]
MaxLength = Annotated[int, "Tokens of a row that are read; longer rows lose their end."]
PeakLr = Annotated[float, "Highest learning rate; it warms up over 3 % of the steps and falls as a cosine."]
Lr = Annotated[float, "Highest learning rate."]
Schedule = Annotated[str, "How it falls: cosine, linear or constant."]
Warmup = Annotated[float, "Share of the steps in which it rises."]
Batch = Annotated[int, "Rows of an optimiser step."]
Lora = Annotated[int, "Rank of LoRA adapters, whose scale (alpha over rank) is always 2; 0 trains all weights."]
SaveEvery = Annotated[int, "Steps between checkpoints; 0 for none."]

# A judge.
BaseUrl = Annotated[str, 'An OpenAI-compatible server, up to and including /v1: "http://localhost:8000/v1".']
JudgeModel = Annotated[str, "The name of the chat model on that server."]
JudgeSettings = Annotated[
    str,
    '"concurrency=8,per_minute=60,timeout=120,tries=5,temperature=0,max_tokens=512,key=VARIABLE"; key names the environment '
    "variable that holds the server's key, OPENAI_API_KEY where it is left out.",
]
MaxTokensSpent = Annotated[
    int | None,
    "Stop before the server has used more tokens, in and out, in this call; its replies are kept, and the next call goes on.",
]

# What is left behind.
Format = Annotated[str, "same (rows byte for byte), messages, sharegpt, alpaca, prompt-completion."]
File = Annotated[str, "jsonl, parquet or json (one array)."]
Draws = Annotated[int, "Random selections to measure beside."]
DryRun = Annotated[bool, "Say what would be done and about what it would cost, and stop."]
Replace = Annotated[bool, "Make a finished run of other settings in --out anew; its files are removed."]
Seed = Annotated[int, "Of all chance."]
Out = Annotated[Path, "The run folder."]
