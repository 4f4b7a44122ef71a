"""Who somebody is and what they may do: people, keys, sessions, and the guard before every view.

Words: a *key* is what a program shows (`Authorization: Bearer tk_…`), a *session* what a signed-in browser has, an
*actor* whoever an act stands under, *rights* what an actor may do and where (`rights.py`).
"""

from tracker_server.auth.log import record
from tracker_server.auth.permitted import has_several_people, is_person, people_with
from tracker_server.auth.service import Actor, create_key, ensure_admin, ensure_operator, join

__all__ = [
    "Actor",
    "create_key",
    "ensure_admin",
    "ensure_operator",
    "has_several_people",
    "is_person",
    "join",
    "people_with",
    "record",
]
