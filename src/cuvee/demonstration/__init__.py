"""The demonstration: the sample pool through everything."""
