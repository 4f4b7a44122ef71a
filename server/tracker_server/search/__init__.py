"""Search: the read side that spans the domains. It has views alone; nothing stands above it but the app.

Words: a *page* is some runs of the runs table in their order, a *cursor* where the next one begins; *keys* are the
config keys and metric names of a project; a *comparison* sets runs side by side; *live* is what is new since a page
last asked.
"""
