"""The server's commands: from their arguments to what they do. Each takes its arguments and returns its exit status."""

from tracker_server.cli.accounts import reset_password
from tracker_server.cli.audit import audit
from tracker_server.cli.serving import prepare, serve
from tracker_server.cli.upkeep import backup, fsck, gc, restore

__all__ = ["audit", "backup", "fsck", "gc", "prepare", "reset_password", "restore", "serve"]
