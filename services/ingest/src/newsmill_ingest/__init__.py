"""Fetches pages, politely and guarded."""
