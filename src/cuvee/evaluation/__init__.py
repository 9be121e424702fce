"""Evaluation: what a model knows, one row per question first, means after."""
