"""Preference pairs as trainers read them: TRL's prompt, chosen and rejected; or one row per answer with a label."""

from collections.abc import Mapping

from cuvee.samples.rendering import along, around, misplaced, tools_of, turn_of, turns
from cuvee.samples.schema import SampleRow

LABELS = ("label", "kto_tag")
TRUTH = {"true": True, "false": False, "desirable": True, "undesirable": False}
Turns = list[dict[str, object]]


def pair(row: SampleRow) -> dict[str, object]:
    """Return the turns that both answers share, and of each answer the turns from where they part."""
    prompt, chosen, rejected = _parted(row)
    return around(row, {"prompt": prompt, "chosen": chosen, "rejected": rejected, "tools": tools_of(row)})


def labelled(row: SampleRow) -> list[dict[str, object]]:
    """Return a row per answer with its label, true for the better one; one row where the row itself had a label."""
    if not row.get("rejected"):
        said = turns(row)
        made = around(row, {"prompt": said[:-1], "completion": said[-1:], "label": label(row), "tools": tools_of(row)})
        return [{key: value for key, value in made.items() if key not in ("label_", "kto_tag")}]
    prompt, chosen, rejected = _parted(row)
    answers = (("chosen", chosen, True), ("rejected", rejected, False))
    return [
        {
            **around(row, {"prompt": prompt, "completion": said, "label": good, "tools": tools_of(row)}),
            "id": f"{row['id']}#{name}",
        }
        for name, said, good in answers
    ]


def label(row: SampleRow) -> bool | None:
    """Return whether a row of its own is labelled as good, None where it has no label that is true or false."""
    others: Mapping[str, object] = along(row)
    for name in LABELS:
        value = others.get(name)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in TRUTH:
            return TRUTH[value.lower()]
    return None


def no_pair(row: SampleRow) -> str | None:
    """Return why a row is no pair, None where it is one."""
    return misplaced(row) if row.get("rejected") else "have no answer that was rejected"


def no_label(row: SampleRow) -> str | None:
    """Return why a row cannot be labelled, None where it can."""
    if row.get("rejected"):
        return misplaced(row)
    if label(row) is None:
        return "have neither a rejected answer nor a label that is true or false"
    roles = [turn["role"] for turn in row["messages"]]
    return misplaced(row) if len(roles) > 1 and roles[-1] == "assistant" else "do not end in an answer to something"


def left_out(row: SampleRow) -> set[str]:
    """Return what a format without pairs leaves out of this row."""
    return {"rejected"} if row.get("rejected") else set()


def _parted(row: SampleRow) -> tuple[Turns, Turns, Turns]:
    best, other = turns(row), [turn_of(turn) for turn in row["rejected"] or []]
    alike = [one == two for one, two in zip(row["messages"], row["rejected"] or [], strict=False)]
    shared = alike.index(False) if False in alike else len(alike)
    shared = min(shared, len(best) - 1, len(other) - 1)
    while shared and best[shared]["role"] != "assistant":  # what was asked belongs to the prompt, or to neither
        shared -= 1
    return best[:shared], best[shared:], other[shared:]
