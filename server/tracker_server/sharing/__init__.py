"""Links that show a project, or one run, to whoever has them, without an account."""
