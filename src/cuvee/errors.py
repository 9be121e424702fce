"""Everything that can go wrong in a foreseen way: one line for a person, and what to do about it.

The command line prints these and exits with code 1. Any other exception is a defect of ours and keeps its traceback.
"""


class CuveeError(Exception):
    """A foreseen failure. ``message`` says what and where, ``hint`` says what to do; both are shown to the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class InputError(CuveeError):
    """A file or row that cannot be read as instruction data."""


class ConfigError(CuveeError):
    """A setting that does not exist or does not fit."""


class SelectionError(CuveeError):
    """A selection that was asked for cannot be made."""


class ServiceError(CuveeError):
    """A server that does not answer, refuses us, or would cost more than it may."""


class MissingExtraError(CuveeError):
    """A library of an optional extra is not installed."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {library}, which is not installed", f"pip install 'cuvee[{extra}]'")
        self.args = (library, extra, purpose)  # so that it can be made again in another process
