"""Commands that fit the product's models from the evaluation data."""
