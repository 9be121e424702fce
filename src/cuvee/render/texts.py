"""Conversations as text, by a model's template: each beginning is rendered once, and many conversations at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cuvee.errors import InputError
from cuvee.loose_json import loosely
from cuvee.render.plain import Messages
from cuvee.render.tokenizer import Tokenizer

TOGETHER = 1_000  # conversations
Beginning = tuple[int, bool]  # so many turns, and whether the mark that opens an answer follows


@dataclass
class Text:
    """A conversation whose beginnings are rendered when they are asked for, unless they are there already."""

    messages: Messages
    tokenizer: Tokenizer
    tools: str | None
    known: dict[Beginning, str] = field(default_factory=dict)

    def of(self, turns: int, *, opened: bool = False) -> str:
        """Return the text of the first ``turns`` turns. Raises InputError where the template cannot render them."""
        beginning = (turns, opened)
        if beginning not in self.known:
            self.known[beginning] = rendered(self.messages[:turns], self.tokenizer, self.tools, opened=opened)
        return self.known[beginning]

    def wanted(self) -> Iterator[Beginning]:
        """Yield the beginnings that tell where its answers stand."""
        if self.messages:
            yield len(self.messages), False
        for at, turn in enumerate(self.messages):
            if turn["role"] == "assistant":
                yield from [(at, True)] if at else []
                yield at + 1, False


def prepared(talks: Sequence[Messages], tokenizer: Tokenizer, tools: Sequence[str | None] | None) -> Iterator[Text]:
    """Yield conversations with what tells where their answers stand; those without tools are rendered together.

    One that the template cannot render is left for later: it raises when it is asked for.
    """
    for start in range(0, len(talks), TOGETHER):
        end = start + TOGETHER
        yield from _prepared(talks[start:end], tokenizer, tools[start:end] if tools else None)


def _prepared(talks: Sequence[Messages], tokenizer: Tokenizer, tools: Sequence[str | None] | None) -> list[Text]:
    texts = [Text(talk, tokenizer, tools[row] if tools else None) for row, talk in enumerate(talks)]
    for opened in (False, True):
        wanted = [
            (text, turns)
            for text in texts
            if not text.tools
            for turns, marked in dict.fromkeys(text.wanted())
            if marked == opened
        ]
        for (text, turns), found in zip(wanted, _together(wanted, tokenizer, opened=opened), strict=False):
            text.known[turns, opened] = found
    return texts


def _together(wanted: Sequence[tuple[Text, int]], tokenizer: Tokenizer, *, opened: bool) -> list[str]:
    """Return the texts of beginnings, none where one of them cannot be rendered."""
    from jinja2.exceptions import TemplateError

    turned = {id(text): [_turn(message) for message in text.messages] for text, _ in wanted}
    talks = [turned[id(text)][:turns] for text, turns in wanted]
    try:
        return tokenizer.apply_chat_template(talks, tokenize=False, add_generation_prompt=opened) if talks else []
    except TemplateError:
        return []


def rendered(messages: Messages, tokenizer: Tokenizer, tools: str | None, *, opened: bool) -> str:
    """Return a conversation as text; opened: with the mark that opens an answer at its end.

    Raises InputError where the template cannot render it.
    """
    from jinja2.exceptions import TemplateError

    if not messages:  # an answer without a question: only the mark that opens it
        return ""
    turns = [_turn(message) for message in messages]
    given = _tools(tools) if tools else None
    try:
        return tokenizer.apply_chat_template(turns, tools=given, tokenize=False, add_generation_prompt=opened)
    except TemplateError as wrong:
        raise InputError(f"the model's chat template cannot render this conversation: {wrong}") from wrong


def _tools(told: str) -> list[object] | None:
    """Return the definitions of tools that a row holds as JSON text; none where that is no JSON."""
    try:
        found = loosely(told.encode())
    except ValueError:
        return None
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else None


def _turn(message: Mapping[str, str | None]) -> dict[str, object]:
    extra = message.get("extra")
    more = loosely(extra.encode()) if isinstance(extra, str) else {}
    return {**(more if isinstance(more, dict) else {}), "role": message["role"], "content": message["content"] or ""}
