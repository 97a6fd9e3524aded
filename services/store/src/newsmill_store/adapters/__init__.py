"""Where the store service meets Redis and PostgreSQL."""
