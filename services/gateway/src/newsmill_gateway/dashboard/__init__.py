"""The dashboard: is it moving, is anything lost, where does it wait, what needs a person."""
