"""Cleaners: texts and arrays in, verdicts per row out. They drop nothing themselves; the verb writes the ledger."""
