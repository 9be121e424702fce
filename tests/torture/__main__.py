"""``python -m tests.torture [--minutes 60] [--seed 0] [PART ...]``: every part gets its share of the minutes."""

import argparse
import sys
from collections.abc import Callable, Mapping

from tests.torture import damage, disk, servers

PARTS: Mapping[str, Callable[[float, int], bool]] = {
    "damage": damage.torture,
    "disk": disk.torture,
    "servers": servers.torture,
}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    parts = asked.parts or list(PARTS)
    print(f"torture: {', '.join(parts)}; {asked.minutes:g} minutes, seed {asked.seed}", flush=True)
    well = [
        PARTS[name](asked.minutes / len(parts), asked.seed) for name in parts
    ]  # all of them, whatever the first finds
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
