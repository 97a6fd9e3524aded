"""The duplicate index in Redis: what enrich, which registers, and store, which keeps it, share."""
