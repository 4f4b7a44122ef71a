"""People and their keys. A server on loopback has one user, its operator; any other asks for a key.

Words: a *key* is what a program shows (`Authorization: Bearer tk_…`), a *session* what a signed-in browser has, an
*actor* whoever an act stands under.
"""

from tracker_server.auth.service import Actor, by_cookie, by_key, create_key, ensure_access_key, ensure_operator

__all__ = ["Actor", "by_cookie", "by_key", "create_key", "ensure_access_key", "ensure_operator"]
