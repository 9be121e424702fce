"""Every way of writing instruction data that can be read, most specific first."""

from cuvee.samples.dialects import batches, chat, gemini, instructions, marked, pairs, preference, trees
from cuvee.samples.dialects.seam import Dialect

__all__ = ["DIALECTS", "Dialect", "detect"]

MEMBERS = (
    chat.TURNS,
    batches.BATCH,
    preference.PREFERENCE,
    trees.OASST,
    gemini.GEMINI,
    instructions.SELF_INSTRUCT,
    pairs.NEMOTRON,
    chat.TULU,
    chat.MESSAGES,
    chat.SHAREGPT,
    chat.SEGMENTS,
    instructions.DATA_JUICER,
    instructions.DOLLY,
    instructions.ALPACA,
    pairs.OPENORCA,
    pairs.FLAN,
    pairs.PROMPT_COMPLETION,
    pairs.QUESTION_ANSWER,
    marked.TEXT,
)

DIALECTS: dict[str, Dialect] = {member.name: member for member in MEMBERS}


def detect(row: object) -> Dialect | None:
    """Return the first dialect that knows the row (a dict, or a list of turns), None where none does."""
    return next((dialect for dialect in DIALECTS.values() if dialect.detect(row)), None)
