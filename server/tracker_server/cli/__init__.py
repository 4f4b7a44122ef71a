"""The server's commands: from their arguments to what they do. Each takes its arguments and returns its exit status."""

from tracker_server.cli.serving import prepare, serve
from tracker_server.cli.upkeep import backup, fsck, gc, restore

__all__ = ["backup", "fsck", "gc", "prepare", "restore", "serve"]
