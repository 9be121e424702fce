"""What a verb needs before it starts: the libraries of an extra, and their silence."""

from importlib.util import find_spec

from cuvee.errors import MissingExtraError


def need(*libraries: str, extra: str = "train", purpose: str = "a language model") -> None:
    """Raise MissingExtraError for the first of these libraries that is not installed."""
    for library in libraries:
        if find_spec(library) is None:
            raise MissingExtraError(library, extra, purpose)


def quiet() -> None:
    """Keep transformers from writing bars and notices between our own lines. Raises MissingExtraError without it."""
    need("transformers")
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
