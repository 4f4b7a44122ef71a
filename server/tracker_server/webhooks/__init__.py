"""Webhooks: an address of a project that is told when something happens in it.

A *delivery* is one event for one webhook. It is written in the transaction of the act, sent by a thread of the server
(`Sender`), and sent again until it is taken or given up; its id stays the same. `docs/webhooks.md` is for who receives
them, `docs/design/webhooks.md` says what is promised.
"""

from tracker_server.webhooks.deliveries import detail as delivery_detail
from tracker_server.webhooks.deliveries import page as delivery_page
from tracker_server.webhooks.deliveries import redeliver, send_test
from tracker_server.webhooks.outbox import Outbox, random_id
from tracker_server.webhooks.sender import Sender
from tracker_server.webhooks.service import change, create, delete, get, listed, renew_secret, told

__all__ = [
    "Outbox",
    "Sender",
    "change",
    "create",
    "delete",
    "delivery_detail",
    "delivery_page",
    "get",
    "listed",
    "random_id",
    "redeliver",
    "renew_secret",
    "send_test",
    "told",
]
