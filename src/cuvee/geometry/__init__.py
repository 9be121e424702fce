"""Geometry of vectors: arrays in, arrays out. Nothing here knows what a sample is."""
