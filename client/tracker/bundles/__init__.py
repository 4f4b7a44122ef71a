"""A model as one box: making a bundle of it, loading it, verifying it, serving it and shipping it."""
