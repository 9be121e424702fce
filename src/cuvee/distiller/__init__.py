"""A language model that merges weak rows: its corpus, its training, its rewards (LM-Mixup)."""
