"""What a row of an evaluation file asks: each kind of file is told by what its rows hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cuvee.errors import InputError
from cuvee.evaluation.answers import has_final_number
from cuvee.evaluation.question import STUB, Program, Question, said
from cuvee.samples.dialects.cells import asked, first, text
from cuvee.samples.raw import IDS

Row = Mapping[str, object]
Make = Callable[[Row, str, str], Question]  # row, task, id

ASKS = ("question", "problem", "query", "prompt", "ctx", "instruction", "input")
OPTIONS = ("choices", "options", "endings")
GOLD = ("answerKey", "answer", "label", "gold", "answer_index", "answer_idx", "correct", "target")
CODE = ("prompt", "entry_point", "test")
WRITE = "Complete this Python function. Answer with the whole function in one code block.\n\n"
_LETTERED = re.compile(r"^[^\S\n]*+\(([A-Z])\)", re.MULTILINE)
_DASHED = re.compile(r"^- (.*\S)", re.MULTILINE)


@dataclass(frozen=True)
class QuestionShape:
    """A shape of evaluation rows. fits: whether a row has it. make: the question; raises InputError for a faulty row."""

    name: str
    summary: str
    fits: Callable[[Row], bool]
    make: Make


def shape_of(rows: Sequence[object]) -> QuestionShape | None:
    """Return the first shape that every row has; None where they are instruction rows or bare questions."""
    readable = [row for row in rows if isinstance(row, Mapping)]
    return next((shape for shape in SHAPES if readable and all(map(shape.fits, readable))), None)


def id_of(row: object, fallback: str) -> str:
    """Return the row's own id as text, else the fallback."""
    value = first(row, *IDS) if isinstance(row, Mapping) else None
    return text(value) or fallback


def _is_code(row: Row) -> bool:
    return all(isinstance(row.get(key), str) for key in CODE)


def _code(row: Row, task: str, name: str) -> Question:
    """HumanEval (arXiv 2107.03374): a signature with its docstring, to be completed; ``check(function)`` asserts."""
    prompt, entry = text(row["prompt"]), text(row["entry_point"])
    solution = row.get("canonical_solution")
    right = None if not isinstance(solution, str) else _fenced(prompt + solution)
    tests = f"{row['test']}\n\ncheck(candidate)\n"
    turns = (said("user", WRITE + _fenced(prompt)),)
    program = Program(f"{prompt.rstrip()}\n{STUB}", tests, entry)
    return Question(task, name, "code", turns, right, program=program)


def _fenced(code: str) -> str:
    return f"```python\n{code.strip()}\n```"


def _is_number(row: Row) -> bool:
    answer = first(row, "answer", "solution", "response", "output")
    return isinstance(answer, str) and has_final_number(answer) and first(row, *ASKS) is not None


def _number(row: Row, task: str, name: str) -> Question:
    """GSM8K (arXiv 2110.14168): a word problem whose answer ends in "#### 72"."""
    answer = text(first(row, "answer", "solution", "response", "output"))
    question = asked(first(row, *ASKS), row.get("input") if "instruction" in row else None)
    return Question(task, name, "number", (said("user", question),), answer)


def _is_choice(row: Row) -> bool:
    return first(row, *ASKS) is not None and first(row, *OPTIONS) is not None and first(row, *GOLD) is not None


def _choice(row: Row, task: str, name: str) -> Question:
    """Options beside the question (ARC, MMLU, HellaSwag and their like): the question alone is asked."""
    options, labels = _options(first(row, *OPTIONS))
    gold = _gold(first(row, *GOLD), options, labels)
    turns = (said("user", asked(first(row, *ASKS), row.get("context"))),)
    return Question(task, name, "choice", turns, options[gold], tuple(options), gold)


def _options(value: object) -> tuple[list[str], list[str]]:
    texts: object
    labels: list[object]
    if isinstance(value, Mapping) and "text" in value:  # ARC: {"text": [...], "label": ["A", ...]}
        texts, labels = value["text"], value.get("label") or []
    elif isinstance(value, Mapping):
        labels, texts = list(value), list(value.values())
    else:
        texts, labels = value, []
    if not isinstance(texts, list) or len(texts) < 2:
        raise InputError("it has fewer than two options")
    if any(isinstance(one, Mapping) for one in texts):  # CommonsenseQA: [{"label": "A", "text": ...}, ...]
        labels = [one.get("label", "") for one in texts]
        texts = [one.get("text") for one in texts]
    letters = [chr(ord("A") + at) for at in range(len(texts))]
    return [text(one) for one in texts], [text(one) for one in labels] or letters


def _gold(value: object, options: list[str], labels: list[str]) -> int:
    told = text(value).strip()
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(options) and told not in labels:
        return value
    for names in (options, labels):
        if told in names:
            return names.index(told)
    if told.isdecimal() and int(told) < len(options):
        return int(told)
    raise InputError(f"its answer {told[:40]!r} is none of its {len(options)} options")


def _is_task(row: Row) -> bool:
    return isinstance(row.get("input"), str) and isinstance(row.get("target"), str) and "instruction" not in row


def _task(row: Row, task: str, name: str) -> Question:
    """BIG-Bench Hard (arXiv 2210.09261): input and target; options stand in the input, as "(A) ..." or as "- Yes"."""
    question, right = text(row["input"]), text(row["target"]).strip()
    turns = (said("user", question),)
    _, listed, tail = question.rpartition("Options:")
    options = [f"({letter})" for letter in _LETTERED.findall(tail)] or _DASHED.findall(tail) if listed else []
    if not options:
        return Question(task, name, "match", turns, right)
    return Question(task, name, "choice", turns, right, tuple(options), _gold(right, options, options))


SHAPES = (
    QuestionShape("code", "prompt, entry_point, test (HumanEval)", _is_code, _code),
    QuestionShape("number", 'question, answer ending in "#### 72" (GSM8K)', _is_number, _number),
    QuestionShape("choice", "question, choices, answer", _is_choice, _choice),
    QuestionShape("task", "input, target (BIG-Bench Hard); a choice where the input lists options", _is_task, _task),
)
