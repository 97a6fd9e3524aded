"""The one way out to the internet: a guarded HTTP client and what it needs.

`client.GuardedClient` asks; `deadline.Deadline` bounds a chain of requests; `messages` holds
what a request asks for and what comes back, and is free of I/O.
"""
