"""The dispatcher: decides what is fetched next, host by host, and finds lost work."""
