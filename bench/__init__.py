"""Speed and memory, side by side in one run: python -m bench writes docs/benchmarks.md."""
