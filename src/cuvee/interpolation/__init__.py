"""MDIT (arXiv 2504.07288): new training points between rows of different tasks, mixed inside the model that is tuned."""
