"""A result as a notebook shows it: a small piece of HTML without scripts and without requests.

It takes its colours from the page around it, so it fits a light and a dark notebook.
"""

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

from cuvee.result.gist import Gist

STYLE = """
.cuvee-result{font:14px/1.5 system-ui,sans-serif;max-width:56rem;overflow-wrap:anywhere}
.cuvee-result p{margin:0 0 .6em}.cuvee-result .head{font-weight:600}
.cuvee-result dl{display:grid;grid-template-columns:minmax(5.5em,max-content) 1fr;gap:.15em 1.2em;align-items:baseline}
.cuvee-result dl{margin:0 0 .6em}
.cuvee-result dt{opacity:.7;max-width:14em;width:auto;font-weight:400}
.cuvee-result dd{margin:0;font-variant-numeric:tabular-nums}
.cuvee-result dd+dd{grid-column:2}.cuvee-result .size{opacity:.7;margin-left:.8em;white-space:nowrap}
.cuvee-result .note{border-left:3px solid #c78a1b;padding-left:.7em}
.cuvee-result code{font:13px/1.6 ui-monospace,monospace;background:none;color:inherit}
.cuvee-result a{color:inherit;text-decoration:underline}
"""


def html(gist: Gist) -> str:
    """Return the piece of HTML; every text is escaped, the report is linked."""
    lines = [(escape(name), escape(value)) for name, value in gist.facts.items()]
    lines.append(("folder", f"<code>{escape(gist.folder)}</code>"))
    lines += [("" if at else "files", _file(*file)) for at, file in enumerate(gist.files)]
    if gist.page is not None:
        address = escape(_address(gist.page))
        lines.append(("report", f'<a href="{address}" target="_blank" rel="noopener">open the page</a>'))
    if gist.next:
        lines.append(("next", f"<code>{escape(gist.next)}</code>"))
    cells = "".join((f"<dt>{name}</dt>" if name else "") + f"<dd>{value}</dd>" for name, value in lines)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in gist.notes)
    head = f'<p class="head">{escape(gist.headline)}</p>'
    return f'<div class="cuvee-result"><style>{STYLE}</style>{head}{notes}<dl>{cells}</dl></div>'


def _file(name: str, size: str) -> str:
    return f'<code>{escape(name)}</code><span class="size">{escape(size)}</span>'


def _address(page: Path) -> str:
    """Return a relative address, which a notebook's server can serve, or that of the file where it lies elsewhere."""
    here = Path.cwd()
    if page.resolve().is_relative_to(here):
        return quote(Path(os.path.relpath(page.resolve(), here)).as_posix())
    return page.resolve().as_uri()
