"""Independent random streams, so that adding a step does not shift another's numbers."""

import numpy as np
import xxhash

from cuvee.arrays import F64, U64

_GOLDEN, _MIX1, _MIX2 = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of the step that ``names`` spells: same arguments, same numbers; others independent."""
    digest = xxhash.xxh3_128_intdigest("\x1f".join((str(seed), *names)).encode())
    return np.random.default_rng(digest)


def keyed(keys: U64, salt: int) -> F64:
    """Return one number in (0, 1) per key, a function of (key, salt) only: independent of the order of rows.

    keys: (n,) uint64, such as ``Pool.keys``. Equal keys get equal numbers. The mixer is SplitMix64's finaliser.
    """
    with np.errstate(over="ignore"):
        z = keys ^ np.uint64(salt & 0xFFFFFFFFFFFFFFFF)
        z = z + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX1
        z = (z ^ (z >> np.uint64(27))) * _MIX2
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
