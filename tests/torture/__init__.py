"""Torture: what users and machines do to cuvee, thousands of times. ``python -m tests.torture`` for an hour, or one part.

A part is a function in ``PARTS``: it gets the minutes that it has and a seed, prints what it did as "N of N", and returns
whether all was well.
"""
