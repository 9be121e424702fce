"""The search: recipes of all methods and choosers, tried by successive halving; the winner is confirmed on unseen questions."""
