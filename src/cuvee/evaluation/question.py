"""A question of an evaluation set: what is asked, what is right, and how an answer is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cuvee.evaluation.answers import has_final_number
from cuvee.store import content_key

Message = Mapping[str, str | None]  # role, content, extra, as in the Arrow column of messages

KINDS = {
    "number": "the model answers; its number is compared",
    "match": "the model answers; its text is compared",
    "choice": "each option is read as the answer; the likeliest one counts",
    "code": "the model writes a function, which is run against tests (--run-code)",
    "open": "the model answers; nothing is compared",
    "rows": "the answer that is there is read; only its loss counts",
}
GENERATED = ("number", "match", "code", "open")  # kinds for which the model writes an answer
STUB = "    pass\n\n"  # the body of a function in a program's prelude, until an answer defines it again


@dataclass(frozen=True)
class Program:
    """What makes an answer a program. prelude: the prompt's imports, helpers, and the function's head over ``STUB``. tests: a
    program that calls ``entry``, a name or an expression (``Solution().add``), and ends without an error where it is right.
    """

    prelude: str
    tests: str
    entry: str


@dataclass(frozen=True)
class Question:
    """One row of the table to come.

    task: the name under which means are taken. kind: a key of KINDS. messages: everything before the answer; of kind
    "rows" the whole conversation, answers included. right: the right answer as the model would write it, None where there
    is none. options: of kind "choice", texts of which ``gold`` (an index) is right. program: of kind "code". tools: JSON text.
    """

    task: str
    id: str
    kind: str
    messages: tuple[Message, ...]
    right: str | None = None
    options: tuple[str, ...] = ()
    gold: int | None = None
    program: Program | None = None
    tools: str | None = None

    @property
    def prompt(self) -> str:
        """Return 16 hex digits that stand for what is asked: equal in the tables of all models."""
        parts = [part or "" for turn in self.asked for part in (turn["role"], turn["content"])]
        return content_key("\x1f".join(parts)).hex()[:16]

    @property
    def asked(self) -> tuple[Message, ...]:
        """Return the conversation before the answer that is judged."""
        return self.messages[:-1] if self.kind == "rows" else self.messages

    def put(self) -> "Question":
        """Return an instruction row as a question that its own answer is right for; any other question as it is.

        An answer that ends as those of GSM8K do, in "####" and a number, is compared by that number.
        """
        if self.kind != "rows" or not self.right:
            return self
        return replace(self, kind="number" if has_final_number(self.right) else "match", messages=self.asked)

    def answered(self, text: str | None) -> tuple[Message, ...]:
        """Return the conversation with this answer."""
        return (*self.asked, said("assistant", text))


def said(role: str, content: str | None) -> dict[str, str | None]:
    """Return a message without further keys."""
    return {"role": role, "content": content, "extra": None}
