"""Leaderboards: models and run families in the order of a metric, on the same task and data."""
