"""Views of a project's workspace that are kept: under a name, or because they are too long for an address.

A *saved view* is what stands in the page's address, as its parameters. It belongs to who made it; one that is shared
is listed for everybody. One without a name has an id that follows from what it says, and never changes.
"""

from tracker_server.saved_views.service import change, create, delete, get, listed, project_id_of, put_back

__all__ = ["change", "create", "delete", "get", "listed", "project_id_of", "put_back"]
