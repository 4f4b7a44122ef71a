"""Acts: who did what, to people, keys, roles, projects, runs and models, out of the logs that each of these keeps."""
