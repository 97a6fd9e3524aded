"""Fits the block model of main-text extraction: ``python -m benchmarks.training.extraction``."""
