"""Bundles: versions of models that say how they are loaded, what came of verifying them, and who holds them."""
