"""What embedders and cleaners read of a sample: its turns as plain text."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

Counter = Callable[[list[str]], list[int]]  # texts -> tokens of each
Messages = Sequence[Mapping[str, str | None]]  # turns of role, content and perhaps extra, a JSON text


def plain(messages: Messages) -> str:
    """Return the turns' contents joined by line breaks, empty ones left out: what embedders and cleaners read."""
    return "\n".join(turn["content"] for turn in messages if turn["content"])


def prompt(messages: Messages) -> str:
    """Return everything before the last assistant turn, joined by line breaks."""
    last = _last_answer(messages)
    return plain(messages if last is None else messages[:last])


def response(messages: Messages) -> str | None:
    """Return the last assistant turn's content: None where there is no such turn or it only calls tools."""
    last = _last_answer(messages)
    return None if last is None else messages[last]["content"]


def plain_column(messages: "pa.Array | pa.ChunkedArray") -> list[str]:
    """Return ``plain`` of every row of an Arrow column of messages; the same texts, vectorised."""
    import polars as pl

    contents = pl.element().struct.field("content")
    kept = pl.col("messages").list.eval(contents.filter(contents.is_not_null() & (contents != "")))
    frame = pl.DataFrame({"messages": pl.from_arrow(messages)})
    return frame.select(kept.list.join("\n")).to_series().to_list()


def token_counter(tokenizer: str | None) -> Counter:
    """Return the function that counts tokens: of a tokenizer.json, else the estimate UTF-8 bytes / 4, at least 1.

    Raises InputError when the file is no tokenizer.
    """
    if tokenizer is None:
        return lambda texts: [max(1, len(text.encode("utf-8", "replace")) // 4) for text in texts]
    from tokenizers import Tokenizer

    path = Path(tokenizer) / "tokenizer.json" if Path(tokenizer).is_dir() else Path(tokenizer)
    if not path.is_file():
        raise InputError(f"no tokenizer at {tokenizer}", "name a tokenizer.json, or the model folder that holds one")
    content = path.read_bytes()
    try:
        model = Tokenizer.from_buffer(content)
    except Exception as wrong:  # noqa: BLE001 the library raises nothing more special
        raise InputError(f"{path} is no tokenizer: {wrong}", "name a tokenizer.json") from None
    return lambda texts: [len(encoded.ids) for encoded in model.encode_batch_fast(texts, add_special_tokens=False)]


def _last_answer(messages: Messages) -> int | None:
    answers = [at for at, turn in enumerate(messages) if turn["role"] == "assistant"]
    return answers[-1] if answers else None
