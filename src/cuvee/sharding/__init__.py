"""Choosers whose rows stand in shards, wherever an engine keeps these: the picks of one process, with certificates.

Every shard offers its best rows and the most that any other of its rows can be worth. The driver picks among the offered
while the best is above every such bound, then tells the picks and asks again. It holds what was offered and what was picked,
whatever the number of rows.
"""

from cuvee.sharding.facility import facility_location
from cuvee.sharding.kcenter import kcenter
from cuvee.sharding.vectors import VectorPart, parts

__all__ = ["VectorPart", "facility_location", "kcenter", "parts"]
