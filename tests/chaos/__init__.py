"""The whole system under faults that a seed draws: nothing is lost, nothing comes twice."""
