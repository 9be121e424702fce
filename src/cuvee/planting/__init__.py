"""A sample pool of instruction data, made by templates, with known faults: for the demo and for tests."""

from cuvee.planting.files import WrittenFiles, write
from cuvee.planting.planted import SHARES, Planted, plant

__all__ = ["SHARES", "Planted", "WrittenFiles", "plant", "write"]
