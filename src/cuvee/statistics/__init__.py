"""Proof: arms x seeds x questions -> which arm wins, by how much, how sure. Arrays in, verdicts out; knows no model."""

from cuvee.statistics.compare import Comparison, Proof, compare
from cuvee.statistics.results import ArmResults
from cuvee.statistics.verdicts import Verdict

__all__ = ["ArmResults", "Comparison", "Proof", "Verdict", "compare"]
