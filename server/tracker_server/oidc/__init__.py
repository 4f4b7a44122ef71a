"""Signing in through a provider of identities: OpenID Connect, by the authorization code flow with PKCE.

Words: the *provider* knows people; an *attempt* is one way to it and back; an *identity* is somebody whom it knows, by
issuer and subject, and stands for one of our users.
"""

from flask import Flask

from tracker_server.oidc.provider import Provider
from tracker_server.settings import Oidc

__all__ = ["install"]


def install(app: Flask, settings: Oidc | None) -> None:
    """Have the app send people to this provider; None has none."""
    app.extensions["tracker.oidc"] = Provider(settings) if settings is not None else None
