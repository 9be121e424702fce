"""Proof: arms x seeds x questions -> which arm wins, by how much, how sure. Arrays in, verdicts out; knows no model."""

from cuvee.proof.compare import Proof, compare
from cuvee.proof.results import Arm
from cuvee.proof.verdicts import Verdict

__all__ = ["Arm", "Proof", "Verdict", "compare"]
