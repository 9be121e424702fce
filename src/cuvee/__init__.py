"""From a pool of instruction data and a budget to the training set the budget deserves."""

__version__ = "0.1.0"
