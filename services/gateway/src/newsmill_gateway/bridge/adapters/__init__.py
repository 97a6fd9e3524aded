"""I/O of the bridge."""
