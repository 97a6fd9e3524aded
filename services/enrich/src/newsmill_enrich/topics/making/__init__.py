"""Makes, checks and measures the model: offline work, not imported by the worker."""
