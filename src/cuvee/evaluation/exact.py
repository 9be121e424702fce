"""Exact match of short answers: whether a model, asked a row's question, writes the row's own answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.evaluation import evaluating
from cuvee.evaluation.journal import Journal
from cuvee.evaluation.question import Question
from cuvee.evaluation.table import judged
from cuvee.models.causal import Causal
from cuvee.models.generation import Sampling
from cuvee.render import Encoded, Messages, Tokenizer, encode_prompt


@dataclass(frozen=True)
class ExactQuestions:
    """The questions among q conversations that are put to models.

    rows: (m,) their numbers. questions: m. total: q. sampling: greedy, with the most tokens that an answer may have.
    """

    rows: I64
    questions: list[Question]
    total: int
    sampling: Sampling


def ask(
    talks: Sequence[Messages],
    encoded: Sequence[Encoded],
    tokenizer: Tokenizer,
    max_new_tokens: int,
    *,
    tools: Sequence[str | None] | None = None,
) -> ExactQuestions:
    """Return the questions whose last answer takes at most so many tokens: what is longer is never met word for word.

    encoded: the conversations as ``losses`` reads them; one that lost its left end there is not put either. tools: JSON text
    of each conversation's tool definitions, which ``encoded`` was made with.
    """
    rows, questions = [], []
    for at, (talk, whole, given) in enumerate(zip(talks, encoded, tools or [None] * len(talks), strict=True)):
        right = talk[-1]["content"] if talk and talk[-1]["role"] == "assistant" else None
        if not right or whole.cut:
            continue
        if 0 < len(whole.ids) - len(encode_prompt(talk, tokenizer, tools=given)) <= max_new_tokens:
            rows.append(at)
            questions.append(Question("", str(at), "rows", tuple(talk), right, tools=given).put())
    return ExactQuestions(
        np.array(rows, dtype=np.int64), questions, len(talks), Sampling(max_new_tokens=max_new_tokens)
    )


def matches(causal: Causal, asked: ExactQuestions) -> F64:
    """Return (q,) 1 where the greedy answer is the right one, 0 where it is not, NaN where nothing was asked."""
    found: F64 = np.full(asked.total, np.nan)
    answers = evaluating.write(causal, asked.questions, Journal(None), asked.sampling)
    found[asked.rows] = [
        judged(question, answers[at].text)["exact_match"] for at, question in enumerate(asked.questions)
    ]
    return found
