"""I/O of the gateway."""
