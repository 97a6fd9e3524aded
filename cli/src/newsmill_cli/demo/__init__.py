"""The demo: a small press landscape on loopback addresses, and what must become of it."""
