"""RAISE: a learned policy picks the rows of each training step (arXiv 2504.07282)."""
