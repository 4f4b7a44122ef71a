"""The provider: what it says of itself, the address to send people to, and what its answer proves.

What always holds: an ID token counts only when it is signed by a key that the provider publishes, with an algorithm of
public keys, for this client and this attempt, and has not expired (OpenID Connect Core 1.0, section 3.1.3.7). The
operator named the provider, so it may be on any network; it is asked over the one way out all the same.
"""

from __future__ import annotations

import base64
import ipaddress
import threading
import time
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracker_server import outgoing
from tracker_server.errors import Refused, Unauthorized, Unavailable
from tracker_server.settings import Oidc

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""None with a shared secret, and not `none`: what a provider publishes must be able to check it."""

ANYWHERE: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
KEPT_S: Final = 3600.0
CLOCKS_S: Final = 60
"""So far apart may two clocks be."""


class Metadata(msgspec.Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0), as far as it is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Claims(msgspec.Struct, frozen=True):
    """Whom an ID token is about."""

    sub: str
    email: str | None = None
    email_verified: bool | str = False
    preferred_username: str | None = None
    name: str | None = None

    @property
    def verified_email(self) -> str | None:
        """The address, where the provider has checked that it is theirs. Some say so in a text."""
        return self.email if self.email and self.email_verified in (True, "true") else None


class Provider:
    """One provider, asked for what it says of itself once an hour."""

    def __init__(self, settings: Oidc) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._kept: tuple[float, Metadata, KeySet] | None = None

    def address(self, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """Where to send a browser. Raises Unavailable where the provider does not answer."""
        metadata, _ = self._known()
        return str(
            prepare_grant_uri(
                metadata.authorization_endpoint,
                self.settings.client_id,
                "code",
                redirect_uri,
                "openid email profile",
                state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
                code_challenge_method="S256",
            )
        )

    def redeem(self, code: str, *, nonce: str, verifier: str, redirect_uri: str) -> Claims:
        """Whom a code is about. Raises Unauthorized for one that proves nothing, Unavailable without an answer."""
        metadata, _ = self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.settings.client_id,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["Authorization"] = f"Basic {self._basic()}"
        else:
            form["client_secret"] = self.settings.client_secret
        answer = self._ask("POST", metadata.token_endpoint, headers=headers, body=urlencode(form).encode())
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _unproven("the provider did not take its code")
        return self._checked(token, metadata, nonce)

    def _basic(self) -> str:
        pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.client_secret, safe='')}"
        return base64.b64encode(pair.encode()).decode()

    def _checked(self, token: str, metadata: Metadata, nonce: str) -> Claims:
        claims = self._signed(token)
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        required = {
            "issuer": claims.get("iss") == metadata.issuer,
            "audience": self.settings.client_id in named,
            "authorized party": claims.get("azp", self.settings.client_id) == self.settings.client_id
            and (len(named) == 1 or "azp" in claims),
            "nonce": claims.get("nonce") == nonce,
        }
        wrong = [name for name, holds in required.items() if not holds]
        if wrong:
            raise _unproven(f"the provider's token is not for this: {', '.join(wrong)}")
        try:
            times = jwt.JWTClaimsRegistry(
                int(time.time()), CLOCKS_S, exp={"essential": True}, iat={"essential": True}, sub={"essential": True}
            )
            times.validate(claims)
            return msgspec.convert(claims, Claims)
        except (JoseError, msgspec.ValidationError) as error:
            raise _unproven(f"the provider's token does not count: {error}") from error

    def _signed(self, token: str) -> dict[str, Any]:
        """The claims of a token. One that is signed with a key that is not known may be of a new one: asked once."""
        for is_fresh in (False, True):
            _, keys = self._known(is_fresh=is_fresh)
            try:
                return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError) as error:
                failure = error
        raise _unproven(f"the provider's token is not signed by it: {failure}") from failure

    def _known(self, *, is_fresh: bool = False) -> tuple[Metadata, KeySet]:
        with self._lock:
            if self._kept is None or is_fresh or time.monotonic() > self._kept[0] + KEPT_S:
                metadata = self._metadata()
                keys = KeySet.import_key_set(self._ask("GET", metadata.jwks_uri))  # type: ignore[arg-type]
                self._kept = (time.monotonic(), metadata, keys)
            return self._kept[1], self._kept[2]

    def _metadata(self) -> Metadata:
        issuer = self.settings.issuer
        said = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = msgspec.convert(said, Metadata)
        except msgspec.ValidationError as error:
            raise _unavailable(f"what it says of itself cannot be read: {error}") from error
        if metadata.issuer.rstrip("/") != issuer.rstrip("/"):
            raise _unavailable(f"it calls itself {metadata.issuer!r}, and --oidc-issuer says {issuer!r}")
        return metadata

    def _ask(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> dict[str, Any]:
        """What the provider answers, as JSON; an answer that is an error has no more than that in it."""
        try:
            answer = outgoing.send(
                method, url, headers=headers or {"Accept": "application/json"}, body=body, allowed=ANYWHERE
            )
            said = msgspec.json.decode(answer.body)
        except (outgoing.Unreached, Refused, msgspec.DecodeError) as error:
            raise _unavailable(str(error)) from error
        if not isinstance(said, dict):
            raise _unavailable(f"{url} answered {answer.status} and no JSON object")
        return said


def _unavailable(why: str) -> Unavailable:
    return Unavailable("provider_away", f"the provider of identities cannot be asked: {why}", retry_after_s=10)


def _unproven(why: str) -> Unauthorized:
    return Unauthorized("unproven", f"this sign-in proves nothing: {why}; try again")
