"""Selection: the rows that a budget deserves, chosen once."""
