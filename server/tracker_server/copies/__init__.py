"""Copies: a run and a project as records that make them anew on another server.

A copy of a run is a journal, and goes in by the route of all journals; what a project has besides its runs has a route
of its own. Both are what `tracker export` and `tracker import` speak. `docs/design/copies.md` says what travels.
"""

from tracker_server.copies.run_in import is_copy, refuse_existing, take_in

__all__ = ["is_copy", "refuse_existing", "take_in"]
