"""Text that is already in a prompt format: ``### Instruction:``, ChatML, Llama, Mistral, Gemma, Vicuna and their relatives.

A format is told by its marks. What stands between two marks is a turn; what stands before the first is the system's, unless
it is Alpaca's own preamble.
"""

import re
from collections.abc import Iterator

from cuvee.errors import InputError
from cuvee.loose_json import loads
from cuvee.samples.dialects.cells import sample, with_system
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import ROLES
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

BEGIN = re.compile(
    r"(?:\s|<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>|<\|endoftext\|>|<｜begin▁of▁sentence｜>|\[gMASK\]|<sop>)*+"
)
LAST = re.compile(
    r"(?:</?s>|<eos>|<\|(?:im_end|eot_id|eom_id|eot|end|end_of_turn|end_of_text|endoftext|return)\|>|<end_of_turn>|<turn\|>"
    r"|<｜end▁of▁sentence｜>)\Z"
)
LONGEST = 32  # characters of an end mark, or more
SYSTEM = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>\s*", re.DOTALL)
PREAMBLE = "below is an instruction that describes a task"
INPUTS = ("input", "context")
SPOKEN = {  # what marks call speakers, beside what conversations do
    **dict.fromkeys(("instruction", "question", "q", *INPUTS), "user"),
    **dict.fromkeys(("response", "answer", "output", "a"), "assistant"),
    **dict.fromkeys(("[inst]", "[/available_tools]"), "user"),
    **dict.fromkeys(("[/inst]", "[/tool_results]"), "assistant"),
    **{"[system_prompt]": "system", "[tool_results]": "tool", "[available_tools]": "tools", "[/system_prompt]": "user"},
}
# Each finds where a turn begins, and who speaks there.
FORMATS = (
    re.compile(r"<\|im_start\|>\s*(\w+)[^\S\n]*(?:<\|im_sep\|>|\n|(?=<\|im_end\|>))"),
    re.compile(r"<\|(?:start_header_id|header_start)\|>\s*(\w+)\s*<\|(?:end_header_id|header_end)\|>"),
    re.compile(r"<(?:start_of_turn|\|turn)>[^\S\n]*(\w+)[^\S\n]*(?:\n|\Z)"),
    re.compile(r"(\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\])"),
    re.compile(r"<[|｜](system|user|assistant|observation|tool|System|User|Assistant)[|｜]>"),
    re.compile(r"(?:^|(?<=<\|end_of_turn\|>))\s*(?:GPT4 Correct|GPT4|Code|Human) (User|Assistant): ?"),
    re.compile(
        r"(?:(?:^|\n|</s>)[^\S\n]*#{2,3}|###(?=[^\S\n]*(?:Human|Assistant)))[^\S\n]*(Instruction|Input|Context|Response|Output|Answer|Question|System|Human|User|Prompter"
        r"|Assistant|Bot|GPT)[^\S\n]*:",
        re.IGNORECASE,
    ),
    re.compile(r"(?:^|\s|</s>)(SYSTEM|USER|ASSISTANT): ?"),
    re.compile(r"(?:^|\n)[^\S\n]*<(human|user|bot|assistant|system)>:", re.IGNORECASE),
    re.compile(r"(?:^|\n)[^\S\n]*(Human|User|Assistant|System|AI|Bot): ?"),
    re.compile(r"(?:^|\n)[^\S\n]*(Question|Answer|Q|A): ?"),
)


def marked(text: str) -> list[Turn] | None:
    """Return the turns of a text in a prompt format, None where it has no marks of one, or none of an answer.

    The marks of the format are no text; white space around a turn is the format's too. A turn of role "tools" is Mistral's
    list of tools.
    """
    start = BEGIN.match(text)
    body = text[start.end() :] if start else text
    for pattern in FORMATS:
        turns = _turns(body, pattern)
        if any(turn.role == "assistant" for turn in turns) and any(turn.role == "user" for turn in turns):
            return turns
    return None


def _turns(text: str, pattern: re.Pattern[str]) -> list[Turn]:
    found = list(_heads(text, pattern))
    if not found:
        return []
    before = _clean(text[: found[0].start()])
    turns = [Turn("system", before)] if before and not before.lower().startswith(PREAMBLE) else []
    ends = [*(head.start() for head in found[1:]), len(text)]
    for head, end in zip(found, ends, strict=True):
        name, said = head[1].lower(), _clean(text[head.end() : end])
        role = SPOKEN.get(name) or ROLES.get(name)
        if role is None:
            return []
        if name in ("[/available_tools]", "[/system_prompt]") and not said:
            continue
        if role == "user" and (told := SYSTEM.match(said)):
            turns.append(Turn("system", told[1].strip()))
            said = said[told.end() :]
        _add(turns, Turn(role, said), name)
    return turns


def _heads(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield where turns begin: an input belongs to the question before it, so one inside an answer is the answer's own."""
    asked = False
    for head in pattern.finditer(text):
        name = head[1].lower()
        if name in (*INPUTS, "output") and not asked:
            continue
        asked = (SPOKEN.get(name) or ROLES.get(name)) != "assistant"
        yield head


def _add(turns: list[Turn], turn: Turn, name: str) -> None:
    if name in INPUTS and turns and turns[-1].role == "user":
        last = turns.pop()
        turn = Turn("user", "\n\n".join(part for part in (last.content, turn.content) if part))
    turns.append(turn)


def _clean(said: str) -> str:
    """Return what was said without the marks and the white space around it, in time that grows with its length."""
    end = len(said)
    while end:
        if said[end - 1].isspace():
            end -= 1
        elif mark := LAST.search(said[max(0, end - LONGEST) : end]):
            end -= len(mark[0])
        else:
            break
    return said[:end].strip()


def _is_text(row: Row) -> bool:
    return isinstance(row.get("text"), str)


def _text(row: Row) -> list[Sample]:
    said = row.get("text")
    if not isinstance(said, str):
        raise InputError(f"it has no text; its keys are {', '.join(map(str, row))}")
    turns = marked(said)
    if turns is None and "parent_id" in row:
        raise InputError("it is one message of a tree of messages (OASST): give the file of whole trees")
    if turns is None:
        raise InputError("its text has no marks of a prompt format that tell question and answer apart")
    tools = next((_json(turn.content) for turn in turns if turn.role == "tools"), None)
    spoken = [turn for turn in turns if turn.role != "tools"]
    return [sample({**row, "tools": tools} if tools else row, with_system(row, spoken))]


def _json(text: str | None) -> object:
    try:
        return loads(text or "")
    except ValueError:
        return None


TEXT = Dialect(
    "text",
    "text in a prompt format: ### Instruction, ChatML, Llama, Mistral, Gemma, Vicuna, Human and Assistant, ...",
    _is_text,
    _text,
    {"text": "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nName a river. [/INST] The Seine </s>"},
    columns=frozenset({"text"}),
)
