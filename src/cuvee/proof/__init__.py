"""Proof: arms x seeds on one model, paired statistics, the verdict."""
