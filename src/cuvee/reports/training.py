"""One small self-contained HTML page of a training: the loss curve as inline SVG, the figures, how to make it again.

No script, no request; colours follow the reader's light or dark page by the style sheet of ``reports.page``.
"""

from pathlib import Path

from markupsafe import Markup

from cuvee import disk
from cuvee.reports import page
from cuvee.reports.lines import curve
from cuvee.result.plain import shown
from cuvee.result.summary import TrainingSummary


def write(summary: TrainingSummary, path: Path) -> None:
    """Write the page of a training, whole or not at all; equal arguments give equal bytes."""
    disk.write_whole(path, make(summary).encode("utf-8"))


def make(summary: TrainingSummary) -> str:
    """Return the page as HTML."""
    told = shown(summary)
    template = page.environment().get_template("training.html.jinja")
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return template.render(told=told, chart=curve(told["loss"]), style=Markup(page.asset("page.css")), policy=policy)
