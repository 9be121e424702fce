"""How a distiller is trained: cold start, then GRPO, judged on held-out examples at each stage."""
