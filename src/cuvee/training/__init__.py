"""Training: rows -> a model, by a plain Trainer that a feed tells what comes next."""
