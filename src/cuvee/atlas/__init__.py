"""Where which way of choosing wins: pools of known kinds, made from labelled rows, and every arm tried on each."""
