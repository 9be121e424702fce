"""Engines: where work runs. A new engine is one file, one test and one line here.

An engine runs pure work over shards; there is no actor that keeps a shard's state between two calls.
"""

from cuvee.engines.local import Local
from cuvee.engines.seam import Engine, Shard

ENGINES: dict[str, Engine] = {"local": Local()}

__all__ = ["ENGINES", "Engine", "Local", "Shard"]
