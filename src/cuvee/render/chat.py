"""What a language model reads: sample -> token ids and loss mask, by the model's own chat template.

Training, scoring, embedding and evaluation all come here. A conversation is rendered once and cut where an answer starts
and ends; the pieces are turned into tokens apart. So the ids before an answer are exactly those that generation starts from,
whatever the tokenizer would merge across the border.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cuvee.errors import ConfigError, CuveeError
from cuvee.render.plain import Messages
from cuvee.render.texts import Text, prepared, rendered
from cuvee.render.tokenizer import Tokenizer

Ids = npt.NDArray[np.int32]

# For a base model whose tokenizer has no template: an instruction, its answer, the end mark.
DEFAULT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ message['content'] + eos_token + '\\n\\n' }}"
    "{% elif message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% else %}{{ '### ' + message['role'].capitalize() + ':\\n' + message['content'] + '\\n\\n' }}{% endif %}"
    "{% if message['role'] != 'assistant' and (loop.last and add_generation_prompt or"
    " not loop.last and loop.nextitem['role'] == 'assistant') %}{{ '### Assistant:\\n' }}{% endif %}"
    "{% endfor %}"
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """One conversation as a model sees it.

    ids: (m,) int32 token ids. answer: (m,) bool, the tokens that the loss counts: every assistant turn's content and its
    end mark. cut: tokens that truncation removed.
    """

    ids: Ids
    answer: npt.NDArray[np.bool_]
    cut: int = 0

    def __len__(self) -> int:
        return len(self.ids)


def encode(
    messages: Messages,
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    tools: str | None = None,
    side: str = "right",
) -> Encoded:
    """Return the tokens of one conversation; see ``encode_all``."""
    return encode_all([messages], tokenizer, max_length=max_length, tools=[tools], side=side)[0]


def encode_all(
    conversations: Sequence[Messages],
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    tools: Sequence[str | None] | None = None,
    side: str = "right",
) -> list[Encoded]:
    """Return the tokens of many conversations, in order.

    max_length: tokens kept at most, None for all. side: the end that is cut, "right" (the answer's end) or "left".
    tools: JSON text of each row's tool definitions. Raises InputError where the template cannot render a conversation.
    """
    texts = [_pieces(text) for text in prepared(conversations, tokenizer, tools)]
    tokens = iter(_ids([text for row in texts for text, _ in row], tokenizer))
    return [_joined([(next(tokens), counted) for _, counted in row], max_length, side) for row in texts]


def encode_prompt(
    messages: Messages, tokenizer: Tokenizer, *, max_length: int | None = None, tools: str | None = None
) -> Ids:
    """Return everything before the last answer, and the mark that opens an answer: what generation starts from.

    These are exactly the ids that stand before the last answer in ``encode``. max_length: a longer prompt loses its left
    end. Without an assistant turn at the end, the whole conversation is the prompt.
    """
    last = _last_answer(messages)
    turns = list(messages if last is None else messages[:last])
    text = Text(turns, tokenizer, tools)
    whole = text.of(len(turns), opened=True)
    tokens = _ids([piece for piece, _ in _cut(whole, _spans(text, whole))], tokenizer)
    ids = np.array([token for part in tokens for token in part], dtype=np.int32)
    return ids if max_length is None else ids[-max_length:]


def header(messages: Messages, tokenizer: Tokenizer) -> Ids:
    """Return the ids of the mark that opens an answer, alone: the context in which an answer has no prompt.

    Where a template has no such mark, the begin or else the end token stands in for it, so that the answer's first token
    has a context.
    """
    last = _last_answer(messages)
    turns = list(messages if last is None else messages[:last])
    closed, opened = (rendered(turns, tokenizer, None, opened=opened) for opened in (False, True))
    mark = opened[len(closed) :] if opened.startswith(closed) else ""
    ids = _ids([mark], tokenizer)[0] if mark else []
    found: Sequence[int | None] = ids or [tokenizer.bos_token_id or tokenizer.eos_token_id]
    return np.array(found, dtype=np.int32)


def _ids(texts: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


Pieces = list[
    tuple[str, bool]
]  # a conversation's text in the parts that become tokens apart; whether the loss counts each


def pieces(
    conversations: Sequence[Messages], tokenizer: Tokenizer, tools: Sequence[str | None] | None = None
) -> list[Pieces | CuveeError]:
    """Return many conversations in pieces.

    In place of one that cannot be: InputError where the template cannot render it, ConfigError where its answer cannot be
    found in the text.
    """
    found: list[Pieces | CuveeError] = []
    for text in prepared(conversations, tokenizer, tools):
        try:
            found.append(_pieces(text))
        except CuveeError as wrong:
            found.append(wrong)
    return found


def _pieces(text: Text) -> Pieces:
    whole = text.of(len(text.messages))
    return _cut(whole, _spans(text, whole))


def _spans(text: Text, whole: str) -> list[tuple[int, int]]:
    """Return where each answer starts and ends in the text, with its end mark.

    An early answer that the template changes once more turns follow (reasoning that is dropped) counts as context.
    Raises ConfigError where not even the last answer can be found.
    """
    messages, mark = text.messages, text.tokenizer.eos_token or ""
    spans, last = [], _last_answer(messages)
    for at, turn in enumerate(messages):
        if turn["role"] != "assistant":
            continue
        before = _before(text, at, whole)
        through = whole if at == len(messages) - 1 else text.of(at + 1)
        if whole.startswith(before) and whole.startswith(through):
            end = through.rfind(mark, len(before)) if mark else -1
            spans.append((len(before), end + len(mark) if end >= 0 else len(through)))
        elif at == last:
            raise ConfigError("the chat template writes an answer otherwise than it opens one", "give another template")
    return spans


def _before(text: Text, at: int, whole: str) -> str:
    """Return the text that stands before an answer, with the mark that opens it."""
    if at:
        return text.of(at, opened=True)
    return whole[: whole.find(text.messages[0]["content"] or "")]  # nothing was asked: templates cannot render that


def _cut(whole: str, spans: Sequence[tuple[int, int]]) -> Pieces:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [(whole[at:start], False), (whole[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (whole[at:], False)] if piece[0]]


def _joined(pieces: Sequence[tuple[list[int], bool]], max_length: int | None, side: str) -> Encoded:
    ids = (
        np.concatenate([np.array(tokens, dtype=np.int32) for tokens, _ in pieces]) if pieces else np.empty(0, np.int32)
    )
    answer = np.repeat([counted for _, counted in pieces], [len(tokens) for tokens, _ in pieces]).astype(bool)
    cut = max(0, len(ids) - max_length) if max_length is not None else 0
    kept = slice(cut, None) if side == "left" else slice(0, len(ids) - cut)
    return Encoded(ids[kept], answer[kept], cut)


def _last_answer(messages: Messages) -> int | None:
    """Return the index of the last turn where it is an answer; a conversation that ends otherwise waits for one."""
    return len(messages) - 1 if messages and messages[-1]["role"] == "assistant" else None
