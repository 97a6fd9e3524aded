"""Everything enrich says to other systems, named by technology."""
