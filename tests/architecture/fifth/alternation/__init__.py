"""Alternation: the rows of every source in turn."""
