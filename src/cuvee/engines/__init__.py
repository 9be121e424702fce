"""Engines: where work runs. A new engine is one file, one test and one line here.

An engine runs pure work over shards (``each``), and keeps a state per shard that is asked and told (``state``).
"""

from cuvee.engines.keeping import held_here
from cuvee.engines.local import Local
from cuvee.engines.place import chosen, divides, named, shards_of, used
from cuvee.engines.ray import Ray
from cuvee.engines.seam import Engine, Held, Shard

ENGINES: dict[str, Engine] = {"local": Local(), "ray": Ray()}

__all__ = [
    "ENGINES",
    "Engine",
    "Held",
    "Local",
    "Ray",
    "Shard",
    "chosen",
    "divides",
    "held_here",
    "named",
    "shards_of",
    "used",
]
