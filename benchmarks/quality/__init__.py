"""How right the product is: an adapter for each harness of evaluation data."""
