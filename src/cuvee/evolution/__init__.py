"""DiverseEvol: the model picks its own next data, once per round."""
