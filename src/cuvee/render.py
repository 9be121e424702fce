"""What a model reads: sample -> text. The only home of prompt format."""

from collections.abc import Mapping, Sequence


def plain(messages: Sequence[Mapping[str, str | None]]) -> str:
    """Return the turns' contents joined by line breaks: what embedders and cleaners read."""
    return "\n".join(turn["content"] for turn in messages if turn["content"])


def prompt(messages: Sequence[Mapping[str, str | None]]) -> str:
    """Return everything before the last assistant turn, joined by line breaks."""
    last = _last_answer(messages)
    return plain([turn for at, turn in enumerate(messages) if at != last])


def response(messages: Sequence[Mapping[str, str | None]]) -> str:
    """Return the last assistant turn's content, empty where there is none."""
    last = _last_answer(messages)
    return "" if last is None else messages[last]["content"] or ""


def _last_answer(messages: Sequence[Mapping[str, str | None]]) -> int | None:
    answers = [at for at, turn in enumerate(messages) if turn["role"] == "assistant"]
    return answers[-1] if answers else None
