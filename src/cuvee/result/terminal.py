"""A result as a terminal and an interactive Python show it: the gist, a name and a value a line."""

from typing import TYPE_CHECKING

from cuvee.result.gist import Gist

if TYPE_CHECKING:
    from rich.text import Text


def text(gist: Gist) -> "Text":
    """Return the gist as text; its ``plain`` is what ``repr`` shows."""
    from rich.text import Text

    files = [f"{name}  {size}".rstrip() for name, size in gist.files]
    pairs = [*gist.facts.items(), *(("note", note) for note in gist.notes), ("folder", gist.folder)]
    pairs += [("" if at else "files", file) for at, file in enumerate(files)]
    pairs += [("next", gist.next)] if gist.next else []
    width = max(len(name) for name, _ in pairs) + 2
    shown = Text(gist.headline, style="bold")
    for name, value in pairs:
        shown.append(f"\n  {name:<{width}}", style="not bold dim").append(value, style="not bold")
    return shown
