"""Bundles: versions of models that say how they are loaded, what came of verifying them, and who holds them.

The server reads what a bundle says of itself (`tracker.yaml`) and nothing else of it: it opens no reference, unpickles
nothing and runs no code. Who verifies is a client, and tells; `docs/design/bundles.md` says what is promised.
"""

from tracker_server.bundles.consumers import consumers_of
from tracker_server.bundles.consumers import report as report_consumer
from tracker_server.bundles.copying import copied, put_back
from tracker_server.bundles.leaving import leave
from tracker_server.bundles.registering import manifest_of
from tracker_server.bundles.service import bundle_report, states
from tracker_server.bundles.states import bar_of_source, barred_by
from tracker_server.bundles.states import of_version as state_of
from tracker_server.bundles.verifications import newest_replay, record, verifications_of

__all__ = [
    "bar_of_source",
    "barred_by",
    "bundle_report",
    "consumers_of",
    "copied",
    "leave",
    "manifest_of",
    "newest_replay",
    "put_back",
    "record",
    "report_consumer",
    "state_of",
    "states",
    "verifications_of",
]
