"""Weights that need no model hub."""
