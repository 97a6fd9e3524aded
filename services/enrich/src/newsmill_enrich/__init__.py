"""Turns raw pages into articles: text, metadata, language, duplicates, categories."""
