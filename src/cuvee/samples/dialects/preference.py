"""Preference pairs: two answers to one prompt. The chosen one is the sample's answer; the other is kept beside it."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import asked, first, held, sample, text, with_system
from cuvee.samples.dialects.marked import marked
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import conversation
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

PROMPTS = ("prompt", "question", "instruction", "query", "conversations", "messages", "input")
PAIRS = (
    ("chosen", "rejected"),
    ("chosen_response", "rejected_response"),
    ("chosen_answer", "rejected_answer"),
    ("preferred_output", "non_preferred_output"),
)
TRANSCRIPT = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")
JUDGED = re.compile("scor|rating|reward|quality|overall|margin")  # in the names of what two answers were given


def _is_preference(row: Row) -> bool:
    return any(held(row, chosen) and held(row, rejected) for chosen, rejected in PAIRS)


def _preference(row: Row) -> list[Sample]:
    """Each answer may be text, a message, several, or a whole conversation; as may a Human/Assistant transcript."""
    keys = next((pair for pair in PAIRS if held(row, pair[0])), PAIRS[0])
    chosen, rejected = (row.get(key) for key in keys)
    prompt = first(row, *PROMPTS)
    if chosen is None or (prompt is None and not _is_whole(_turns(chosen))):
        missing = "prompt" if prompt is None else keys[0]
        raise InputError(f"it has no {missing}; its keys are {', '.join(map(str, row))}")
    before = _asked(row, prompt)
    whole = with_system(row, _joined(before, _turns(chosen)))
    found = sample(_tools(row, prompt), whole)
    if rejected is None:
        return [found]
    others = _turns(rejected)
    start = before if _is_whole(others) or not _is_whole(_turns(chosen)) else whole[:-1]
    beside = sample(row, with_system(row, _joined(start, others)))
    return [replace(found, rejected=beside.messages, margin=margin(row))]


def _asked(row: Row, prompt: object) -> list[Turn]:
    """Return the turns of the prompt; an instruction with its input."""
    if isinstance(prompt, Mapping) and prompt.get("messages") is not None:
        prompt = prompt["messages"]
    talk = conversation(prompt)
    if talk is not None or prompt is None:
        return talk or []
    said = marked(prompt + "\n") if isinstance(prompt, str) else None
    if said is not None and not said[-1].content:  # an empty answer is open
        return said[:-1]
    return [Turn("user", asked(prompt, row.get("input") if prompt == row.get("instruction") else None))]


def _turns(answer: object) -> list[Turn]:
    found = conversation(answer) or _transcript(answer)
    if found is None and isinstance(answer, str):
        found = marked(answer)
    return [Turn("assistant", text(answer))] if found is None else found


def _is_whole(turns: list[Turn]) -> bool:
    return any(turn.role == "user" for turn in turns)


def _joined(before: list[Turn], turns: list[Turn]) -> list[Turn]:
    return turns if _is_whole(turns) else [*before, *turns]


def _tools(row: Row, prompt: object) -> Row:
    tools = prompt.get("tools") if isinstance(prompt, Mapping) else None
    return {**row, "tools": tools} if tools else row


def margin(row: Row) -> float | None:
    """Return by how much the chosen answer was judged better: its score minus the other's; None where no scores are told.

    Columns such as score_chosen and score_rejected, chosen-rating and rejected-rating; or one that is called margin; or a
    score inside the two answers.
    """
    for name, value in row.items():
        other = row.get(name.replace("chosen", "rejected")) if "chosen" in name and JUDGED.search(name) else None
        if _number(value) and _number(other):
            return float(str(value)) - float(str(other))
    if _number(row.get("margin")):
        return float(str(row["margin"]))
    for one, other in PAIRS:
        best, worst = row.get(one), row.get(other)
        if isinstance(best, Mapping) and isinstance(worst, Mapping):
            return margin(
                {**{f"chosen {key}": best[key] for key in best}, **{f"rejected {key}": worst[key] for key in worst}}
            )
    return None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def _transcript(value: object) -> list[Turn] | None:
    """Return the turns of "\\n\\nHuman: ...\\n\\nAssistant: ...", None where the text is no such transcript."""
    said = text(value)
    if not said.lstrip("\n").startswith("Human:"):
        return None
    parts = TRANSCRIPT.split("\n\n" + said.lstrip("\n"))[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [Turn(roles[who], spoken) for who, spoken in zip(parts[::2], parts[1::2], strict=True)]


PREFERENCE = Dialect(
    "preference",
    "prompt, chosen, rejected: the chosen answer is taken, the other kept for `--format dpo` and `kto`",
    _is_preference,
    _preference,
    {"prompt": "Greet me.", "chosen": "Good morning!", "rejected": "No."},
    note="took `chosen` of a preference pair",
    columns=frozenset({"input", *(key for pair in PAIRS for key in pair)}),
    either=(PROMPTS,),
)
