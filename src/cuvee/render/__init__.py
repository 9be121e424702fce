"""What readers see of a sample: plain text (embedders, cleaners) and a model's token ids. The only home of prompt format."""

from cuvee.render.chat import DEFAULT_TEMPLATE, Encoded, Ids, Messages, encode, encode_all, encode_prompt, header
from cuvee.render.plain import Counter, Turns, plain, plain_column, prompt, response, token_counter
from cuvee.render.tokenizer import Tokenizer

__all__ = [
    "DEFAULT_TEMPLATE",
    "Counter",
    "Encoded",
    "Ids",
    "Messages",
    "Tokenizer",
    "Turns",
    "encode",
    "encode_all",
    "encode_prompt",
    "header",
    "plain",
    "plain_column",
    "prompt",
    "response",
    "token_counter",
]
