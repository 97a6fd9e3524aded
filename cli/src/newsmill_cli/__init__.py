"""The newsmill command."""
