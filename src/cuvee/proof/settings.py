"""Settings of an arm, read as what they are."""

from cuvee.errors import ConfigError
from cuvee.proof.kinds import ArmSettings


def number(given: ArmSettings, name: str, default: float) -> float:
    """Return a number. Raises ConfigError for a word."""
    value = given.get(name, default)
    if isinstance(value, str):
        raise ConfigError(f"{name}={value} of an arm", "give a number")
    return float(value)


def positive(given: ArmSettings, name: str, default: float) -> float:
    """Return a number above 0. Raises ConfigError for anything else."""
    value = number(given, name, default)
    if value <= 0:
        raise ConfigError(f"{name}={value:g} of an arm", "give a number above 0")
    return value


def whole(given: ArmSettings, name: str, default: int, *, low: int = 0) -> int:
    """Return a whole number, ``low`` or more. Raises ConfigError for anything else."""
    value = number(given, name, default)
    if not value.is_integer() or value < low:
        raise ConfigError(f"{name}={value:g} of an arm", f"give a whole number, {low} or more")
    return int(value)


def share(given: ArmSettings, name: str, default: float) -> float:
    """Return a number from 0 to 1. Raises ConfigError for anything else."""
    value = number(given, name, default)
    if not 0 <= value <= 1:
        raise ConfigError(f"{name}={value:g} of an arm", "give a share, 0 to 1")
    return value
