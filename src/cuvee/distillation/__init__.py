"""LM-Mixup: a cluster of weak rows becomes one strong row, by a language model trained for just that."""
