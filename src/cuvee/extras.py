"""Extras: the command that adds one here, for whoever runs from a checkout, a wheel, or a package index."""

from pathlib import Path

NAME = "cuvee"


def how_to_add(extra: str) -> str:
    """Return the pip command that adds an extra to this very installation."""
    return f"pip install {_installed_from(extra)}"


def _installed_from(extra: str) -> str:
    """Return what pip was given when cuvee was installed, with the extra: a folder, a wheel, or the plain name.

    pip writes it down (PEP 610); a folder or wheel that is gone cannot be named again.
    """
    from urllib.parse import unquote, urlsplit

    told = _direct_url()
    url = urlsplit(str(told.get("url", "")))
    place = Path(unquote(url.path))
    if url.scheme != "file" or not place.exists():
        return f"'{NAME}[{extra}]'"
    details = told.get("dir_info")
    editable = "-e " if isinstance(details, dict) and details.get("editable") else ""
    here = "." if place == Path.cwd() else str(place)
    return f"{editable}'{here}[{extra}]'"


def _direct_url() -> dict[str, object]:
    from importlib import metadata

    import orjson

    try:
        text = metadata.distribution(NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {}
    found = orjson.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
