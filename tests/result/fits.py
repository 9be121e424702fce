"""Whether a value has keys that its type does not name."""

from typing import get_type_hints, is_typeddict


def fits(value: object, kind: object, where: str = "summary") -> list[str]:
    """Return where a value has keys that its type does not name."""
    if is_typeddict(kind) and isinstance(value, dict):
        known = get_type_hints(kind)
        wrong = [f"{where}.{key}" for key in value if key not in known]
        return wrong + [bad for key in value if key in known for bad in fits(value[key], known[key], f"{where}.{key}")]
    inner: list[object] = list(getattr(kind, "__args__", ()))
    if isinstance(value, list) and len(inner) == 1:
        return [bad for at, one in enumerate(value) for bad in fits(one, inner[0], f"{where}[{at}]")]
    if isinstance(value, dict) and len(inner) == 2:
        return [bad for key, one in value.items() for bad in fits(one, inner[1], f"{where}.{key}")]
    return []
