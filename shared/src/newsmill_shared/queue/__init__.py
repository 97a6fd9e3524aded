"""Redis as the carrier: queues, claims, notes, heartbeats. All of it may vanish at any time."""
