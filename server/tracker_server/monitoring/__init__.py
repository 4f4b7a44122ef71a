"""Monitoring: what a server tells a Prometheus of itself, and of what it holds."""
