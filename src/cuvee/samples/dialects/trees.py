"""Trees of messages, as OpenAssistant publishes them: one row, as many conversations as there are last answers."""

from collections.abc import Iterator, Mapping

from cuvee.errors import InputError
from cuvee.samples.dialects.cells import sample, text
from cuvee.samples.dialects.seam import Dialect
from cuvee.samples.dialects.turns import ROLES
from cuvee.samples.raw import Row
from cuvee.samples.schema import Sample, Turn

Path = list[Mapping[str, object]]  # messages from the prompt to a last answer
DEEPEST = 200  # messages of a conversation: more is no conversation


def _is_tree(row: Row) -> bool:
    return isinstance(row.get("prompt"), Mapping) and ("message_tree_id" in row or "tree_state" in row)


def _paths(row: Row) -> list[Path]:
    root = row.get("prompt")
    if not isinstance(root, Mapping):
        raise InputError(f"it has no prompt with replies; its keys are {', '.join(map(str, row))}")
    found = [path for path in _below([], root) if path]
    unique = [path for at, path in enumerate(found) if path not in found[:at]]
    if not unique:
        raise InputError("no message of the tree is answered")
    return unique


def _below(above: Path, message: Mapping[str, object]) -> Iterator[Path]:
    """Yield every way down, each up to its last answer; deleted messages and what hangs on them are left out."""
    replies = message.get("replies")
    here = [*above, message]
    if len(here) > DEEPEST:
        raise InputError(f"the tree is deeper than {DEEPEST} messages")
    kept = (
        [one for one in replies if isinstance(one, Mapping) and not one.get("deleted")]
        if isinstance(replies, list)
        else []
    )
    if not kept:
        yield here if _role(message) == "assistant" else above
        return
    for reply in sorted(kept, key=_rank):
        yield from _below(here, reply)


def _rank(message: Mapping[str, object]) -> float:
    rank = message.get("rank")
    return float(rank) if isinstance(rank, int | float) else float("inf")


def _role(message: Mapping[str, object]) -> str:
    role = ROLES.get(str(message.get("role")).lower())
    if role is None:
        raise InputError(f"a message of the tree has the role {message.get('role')!r}")
    return role


def _tree(row: Row) -> list[Sample]:
    return [sample(row, [Turn(_role(one), text(one.get("text"))) for one in path]) for path in _paths(row)]


def _split(row: Row) -> list[Row]:
    return [{**row, "prompt": _alone(path)} for path in _paths(row)]


def _alone(path: Path) -> dict[str, object]:
    """Return the tree that holds this one conversation."""
    below = [_alone(path[1:])] if len(path) > 1 else []
    return {**path[0], "replies": below}


OASST = Dialect(
    "oasst",
    "a tree of messages (OASST): every way from the prompt to a last answer is a sample, the best-ranked first",
    _is_tree,
    _tree,
    {
        "message_tree_id": "t9",
        "tree_state": "ready_for_export",
        "prompt": {
            "text": "Name a sea.",
            "role": "prompter",
            "replies": [
                {"text": "The Nile.", "role": "assistant", "rank": 1, "replies": []},
                {
                    "text": "The Baltic.",
                    "role": "assistant",
                    "rank": 0,
                    "replies": [
                        {
                            "text": "Another?",
                            "role": "prompter",
                            "replies": [{"text": "The Red Sea.", "role": "assistant", "replies": []}],
                        }
                    ],
                },
            ],
        },
    },
    split=_split,
    columns=frozenset({"prompt", "tree_state"}),
)
