"""The public functions: one per verb, its signature the Python API, the command line and the recipe schema at once."""
