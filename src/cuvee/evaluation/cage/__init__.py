"""The other side of ``sandbox.py``: processes that fence themselves in before they touch what nobody has read.

Started as ``python -m cage``, with the standard library only; nothing of the house is imported here. One process, the
untrusted half, holds a model's code and answers calls; another, the trusted half, runs the tests and calls it. They share no
interpreter, no memory and no file: only two pipes with plain data on them (``wire``). The verdict leaves the trusted half by a
pipe of its own, which the untrusted half does not have.
"""
