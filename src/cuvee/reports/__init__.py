"""What a run shows: one page for a browser, and its summary on a terminal."""
