"""Requests that the server makes by itself: to addresses that a person typed in, so none of them is trusted.

What always holds: a name is resolved once, every address that it has is checked, and the connection goes to one of
those very addresses; no redirect is followed and no proxy is used. Nothing leaves for an address that is refused.
`docs/design/outgoing.md` says which are, and why.
"""

from tracker_server.outgoing.addresses import Network, Target, read_target
from tracker_server.outgoing.sending import Answer, Limits, Unreached, send

__all__ = ["Answer", "Limits", "Network", "Target", "Unreached", "read_target", "send"]
