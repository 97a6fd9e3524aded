"""Benchmarks: a command each; they print figures and assert nothing."""
