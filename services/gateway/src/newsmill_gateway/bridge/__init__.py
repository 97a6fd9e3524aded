"""The bridge: what other systems leave in Redis is accepted into the ledger, or said to be junk."""
