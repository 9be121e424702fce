"""Pairs: a question or prompt in one column, its answer in another."""

from collections.abc import Callable

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import asked, first, held, known, sample, with_system
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import answered, conversation
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

QUESTIONS = ("question", "problem", "query", "input")
QUESTION_ANSWERS = ("solution", "generated_solution", "response", "output", "answer", "target")  # the fullest first
CONTEXTS = ("context", "article", "passage", "options", "choices")
COMPLETIONS = ("completion", "response", "generation", "output", "answer")
INPUTS = ("inputs_pretokenized", "inputs")
TARGETS = ("targets_pretokenized", "targets")


def _two(row: Row, question: object, answers: tuple[str, ...], *contexts: object) -> list[Sample]:
    """Return the sample of a question and the answer in one of these columns, each plain text or a list of turns."""
    before = conversation(question)
    after = conversation(first(row, *answers))
    turns = [Turn("user", asked(question, *contexts))] if before is None else before
    turns = [*turns, *([answered(row, answers)] if after is None else after)]
    return [sample(row, with_system(row, turns))]


def _detects(questions: tuple[str, ...], answers: tuple[str, ...]) -> Callable[[Row], bool]:
    return lambda row: held(row, *questions) and known(row, *answers)


def _parser(questions: tuple[str, ...], answers: tuple[str, ...]) -> Callable[[Row], list[Sample]]:
    def parse(row: Row) -> list[Sample]:
        for keys, what in ((questions, "question"), (answers, "answer")):
            if not known(row, *keys):
                raise InputError(f"it has no {what} ({', '.join(keys)}); its keys are {', '.join(map(str, row))}")
        asking = next((key for key in questions if row.get(key) is not None), questions[0])
        contexts = [row.get(key) for key in CONTEXTS if key in row]
        return _two(row, row.get(asking), answers, *contexts)

    return parse


def _is_openorca(row: Row) -> bool:
    return "system_prompt" in row and held(row, "question") and known(row, "response")


def _is_flan(row: Row) -> bool:
    return isinstance(first(row, *INPUTS), str) and known(row, *TARGETS)


def _is_nemotron(row: Row) -> bool:
    return isinstance(row.get("input"), list) and "output" in row and not held(row, "instruction")


def _nemotron(row: Row) -> list[Sample]:
    if conversation(row.get("input")) is None:
        raise InputError("input is not a list of turns")
    return _two(row, row["input"], ("output",))


NEMOTRON = Dialect(
    "nemotron",
    "input (a list of turns), output, system_prompt, category, license, generator",
    _is_nemotron,
    _nemotron,
    {
        "input": [{"role": "user", "content": "What is 6 times 7?"}],
        "output": "<think>\n6 * 7 = 42\n</think>\n\n42",
        "reasoning": "on",
        "system_prompt": "detailed thinking on",
        "category": "math",
        "license": "cc-by-4.0",
        "generator": "a-model",
    },
    columns=frozenset({"input", "output"}),
)
OPENORCA = Dialect(
    "openorca",
    "system_prompt, question, response",
    _is_openorca,
    _parser(("question",), ("response",)),
    {"id": "niv.1", "system_prompt": "You are helpful.", "question": "Is ice cold?", "response": "Yes, it is."},
    columns=frozenset({"question", "response", *CONTEXTS}),
)
FLAN = Dialect(
    "flan",
    "inputs, targets, task",
    _is_flan,
    _parser(INPUTS, TARGETS),
    {"inputs": "Is this praise? I love it.", "targets": "yes", "task": "sentiment"},
    columns=frozenset({*TARGETS, *CONTEXTS}),
    either=(INPUTS,),
)
PROMPT_COMPLETION = Dialect(
    "prompt-completion",
    "prompt and completion, response or generation; each text or a list of turns",
    _detects(("prompt",), COMPLETIONS),
    _parser(("prompt",), COMPLETIONS),
    {"prompt": "Two plus two is", "completion": " four.", "task": "sums"},
    columns=frozenset({"prompt", *COMPLETIONS, *CONTEXTS}),
)
QUESTION_ANSWER = Dialect(
    "question-answer",
    "question and answer, problem and solution, query and response; context where there is any",
    _detects(QUESTIONS, QUESTION_ANSWERS),
    _parser(QUESTIONS, QUESTION_ANSWERS),
    {"question": "Ann has 3 pens and buys 4. How many?", "answer": "3+4=<<3+4=7>>7\n#### 7"},
    columns=frozenset({*QUESTION_ANSWERS, *CONTEXTS}),
    either=(QUESTIONS,),
)
