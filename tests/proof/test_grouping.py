"""Questions that move together: by the text of their prompts, or by a column."""

import orjson
import pyarrow as pa
import pytest

from cuvee.errors import InputError
from cuvee.proof import grouping
from cuvee.samples.schema import TURN

PASSAGES = [
    "The river rises in the hills behind the old town and runs past seven mills before it meets the sea at low tide.",
    "A committee of nine astronomers met in the spring of 1911 to agree on one scale by which stars are ranked.",
]
TEMPLATE = "Read what stands below with care and answer the question after it in no more than a few words please: "


def rows(prompts: list[str], **columns: object) -> pa.Table:
    talks = [[{"role": "user", "content": text}, {"role": "assistant", "content": "yes"}] for text in prompts]
    raw = [orjson.dumps({name: values[at] for name, values in columns.items()}) for at in range(len(prompts))]  # type: ignore[index]
    names = [str(at) for at in range(len(prompts))]
    return pa.table({"id": names, "messages": pa.array(talks, pa.list_(TURN)), "raw": pa.array(raw, pa.binary())})


def test_prompts_on_one_passage_move_together_over_tasks_and_one_template_does_not_join_a_task() -> None:
    prompts = [
        TEMPLATE + PASSAGES[0] + " Where?",
        TEMPLATE + PASSAGES[1] + " When?",
        TEMPLATE + "Is 7 odd?",
        PASSAGES[0],
    ]
    names = grouping.found(rows(prompts), ["a", "a", "a", "b"])
    assert names[0] == names[3] and len(set(names)) == 3
    assert grouping.note(names) == [
        "2 of 4 questions move together in 1 groups of up to 2: each counts as one draw in the intervals"
    ]


def test_a_template_of_some_of_a_task_joins_them() -> None:
    prompts = [TEMPLATE + "Is 7 odd?", TEMPLATE + "Is 8 odd?", *PASSAGES, "Say when it is done.", "Name a bird."]
    names = grouping.found(rows(prompts), ["a"] * 6)
    assert names[0] == names[1] and len(set(names)) == 5


def test_a_column_of_the_rows() -> None:
    table = rows(["a", "b", "c"], passage=[4, 4, None])
    assert grouping.together("passage", table, ["t"] * 3) == ["in 4", "in 4", "alone 2"]
    assert len(set(grouping.together("off", table, ["t"] * 3))) == 3
    with pytest.raises(InputError, match="no question has a column 'topic'"):
        grouping.together("topic", table, ["t"] * 3)
