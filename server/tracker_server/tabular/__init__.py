"""Rows of tables that people logged or sent. What reads them runs in a process of its own: see `confined`."""
