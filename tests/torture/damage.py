"""A damaged byte in a step or in the store, a thousand times: it is found, told, and made again."""

import random
import tempfile
import time
from pathlib import Path

from tests.torture import scenarios
from tests.torture.disk import steady
from tests.torture.world import World, command, forget, outcome

BYTES = 1_000
VERBS = ("inspect", "select, judged", "train", "evaluate")


def torture(minutes: float, seed: int, count: int = BYTES) -> bool:
    """Damage so many bytes, one after the other, each of a whole run; print how many were found, and return whether all."""
    end, draw = time.monotonic() + 60 * minutes, random.Random(seed)
    found = tried = 0
    with tempfile.TemporaryDirectory(prefix="cuvee-damage-") as folder:
        scenarios.prepare(Path(folder) / "given")
        world = World(Path(folder) / "world", Path(folder) / "given")
        for number, verb in enumerate(VERBS):
            expected = _made(world, verb)
            kept = world.keep(Path(folder) / f"kept-{number}")
            for _ in range(count // len(VERBS)):
                if time.monotonic() > end:
                    break
                world.restore(kept)
                wrong = _damaged(world, verb, expected, draw)
                tried, found = tried + 1, found + (wrong is None)
                if wrong:
                    print(f"  {verb}: {wrong}", flush=True)
    print(f"damage: {found:,} of {tried:,} damaged bytes found, told, set aside and made again", flush=True)
    return found == tried


def _made(world: World, verb: str) -> dict[str, str]:
    world.clear()
    forget()
    ended = command(world, scenarios.SCENARIOS[verb](world))
    assert ended.code == 0, ended.said
    return steady(outcome(world))


def _damaged(world: World, verb: str, expected: dict[str, str], draw: random.Random) -> str | None:
    """Damage a byte and call again; return what is wrong with what happened, None where nothing is."""
    places = [world.run / "work", world.root / "home/store"]
    files = sorted(path for place in places for path in place.rglob("*") if path.is_file() and path.stat().st_size)
    path = draw.choice(files)
    content, at = bytearray(path.read_bytes()), draw.randrange(path.stat().st_size)
    content[at] ^= draw.randrange(1, 256)
    path.write_bytes(content)
    in_store = path.is_relative_to(places[1])
    if in_store:  # it is read where a step needs it
        for step in (world.run / "work").iterdir():
            if step.name.startswith(("embed-", "score-", "compare-")):
                for part in sorted(step.rglob("*"), reverse=True):
                    part.rmdir() if part.is_dir() else part.unlink()
                step.rmdir()
    ended = command(world, scenarios.SCENARIOS[verb](world))
    where = f"byte {at} of {path.relative_to(world.root)}"
    if ended.code:
        return f"{where}: ends with {ended.code}: {ended.said[-300:]}"
    if f"damaged   {path} " not in ended.said:
        return f"{where}: not told: {ended.said[-300:]}"
    if not any(world.root.rglob(".damaged-*")):
        return f"{where}: not set aside"
    return None if steady(outcome(world)) == expected else f"{where}: other bytes"
