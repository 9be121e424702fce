"""What flows: samples, how they are read and written, and the ledger that accounts for them."""
