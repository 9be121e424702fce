"""The door out: what every method leaves behind, the same way."""
