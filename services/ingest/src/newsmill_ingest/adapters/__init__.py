"""Everything of ingest that talks to Redis."""
