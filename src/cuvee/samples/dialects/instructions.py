"""Alpaca and its relatives: an instruction, perhaps an input to it, and an answer."""

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import NO_INPUT, asked, first, held, known, opened, sample, text, with_system
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import answered, history
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

ANSWERS = ("output", "response")
_QUESTION = ("instruction", "INSTRUCTION", "Instruction", "RESPONSE", "Response", "history", *ANSWERS)


def _lowered(row: Row) -> Row:
    """Return the row with lower-case keys where it writes INSTRUCTION or Instruction."""
    if "instruction" in row or not known(row, "INSTRUCTION", "Instruction"):
        return row
    return {key.lower(): value for key, value in row.items()}


def _dialogue(row: Row, question: str) -> list[Sample]:
    turns = [*history(row.get("history")), Turn("user", question), answered(row, ANSWERS)]
    return [sample(row, with_system(row, turns))]


def _is_alpaca(row: Row) -> bool:
    row = _lowered(row)
    return held(row, "instruction") and known(row, *ANSWERS)


def _alpaca(row: Row) -> list[Sample]:
    row = _lowered(row)
    _require(row, "instruction")
    return _dialogue(row, asked(row.get("instruction"), row.get("input")))


def _is_dolly(row: Row) -> bool:
    return held(row, "instruction") and "context" in row and known(row, *ANSWERS)


def _dolly(row: Row) -> list[Sample]:
    _require(row, "instruction")
    return _dialogue(row, asked(row.get("instruction"), row.get("context"), row.get("input")))


def _is_data_juicer(row: Row) -> bool:
    return held(row, "query") and known(row, *ANSWERS) and known(row, "instruction", "history")


def _data_juicer(row: Row) -> list[Sample]:
    _require(row, "query")
    return _dialogue(row, asked(row.get("instruction"), row.get("query"), row.get("input")))


def _require(row: Row, question: str) -> None:
    if not known(row, question, "input"):
        raise InputError(f"it has no {question}; its keys are {', '.join(map(str, row))}")
    if not known(row, *ANSWERS):
        raise InputError(f"it has no answer (output or response); its keys are {', '.join(map(str, row))}")


def _is_self_instruct(row: Row) -> bool:
    return held(row, "instruction") and isinstance(row.get("instances"), list | str)


def _instances(row: Row) -> list[Row]:
    listed = opened(row.get("instances"))
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        raise InputError("instances is not a list of {input, output} objects")
    return listed


def _self_instruct(row: Row) -> list[Sample]:
    found = []
    for item in _instances(row):
        if not known(item, *ANSWERS):
            raise InputError(f"an instance has no output; its keys are {', '.join(map(str, item))}")
        limits = text(item.get("constraints"))
        limits = "" if limits.strip().rstrip(".").lower() in NO_INPUT else limits
        whole = first(item, "instruction_with_input")
        question = (
            asked(whole, limits) if text(whole).strip() else asked(row.get("instruction"), item.get("input"), limits)
        )
        found.append(sample(row, with_system(row, [Turn("user", question), answered(item, ANSWERS)])))
    return found


def _split(row: Row) -> list[Row]:
    return [{**row, "instances": [item]} for item in _instances(row)]


ALPACA = Dialect(
    "alpaca",
    "instruction, input, output or response; system and history where there are any",
    _is_alpaca,
    _alpaca,
    {
        "instruction": "Name the capital.",
        "input": "France",
        "output": "Paris",
        "system": "Be brief.",
        "history": [["Name a river.", "The Seine"]],
    },
    columns=frozenset({*_QUESTION, "input"}),
)
DOLLY = Dialect(
    "dolly",
    "instruction, context, response, category",
    _is_dolly,
    _dolly,
    {
        "instruction": "Who wrote it?",
        "context": "Emma is by Austen.",
        "response": "Jane Austen",
        "category": "closed_qa",
    },
    columns=frozenset({*_QUESTION, "context", "input"}),
)
DATA_JUICER = Dialect(
    "data-juicer",
    "system, instruction, query, response, history",
    _is_data_juicer,
    _data_juicer,
    {
        "system": "Be kind.",
        "instruction": "Translate into French.",
        "query": "Good day",
        "response": "Bonjour",
        "history": [["Good night", "Bonne nuit"]],
    },
    columns=frozenset({*_QUESTION, "query", "input"}),
)
SELF_INSTRUCT = Dialect(
    "self-instruct",
    "instruction and instances, a list of {input, output}: one row, several samples",
    _is_self_instruct,
    _self_instruct,
    {
        "id": "seed_7",
        "instruction": "Give the opposite.",
        "instances": [{"input": "hot", "output": "cold"}, {"input": "early", "output": "late"}],
    },
    split=_split,
    columns=frozenset({"instruction", "instances"}),
)
