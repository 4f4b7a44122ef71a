"""The schema's history, shipped with the server, which migrates itself at its start."""
