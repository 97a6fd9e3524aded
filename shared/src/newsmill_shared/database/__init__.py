"""The ledger: what PostgreSQL remembers, and the only code that writes it."""
