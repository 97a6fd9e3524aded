"""Contracts and plumbing that every newsmill service shares."""
