"""Makes the secrets of a deployment; it needs the standard library alone."""
