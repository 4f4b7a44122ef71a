"""Ways to the provider that are not over, and whom it has sent back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, Words


class OidcAttempt(Base):
    """One way to the provider and back. `digest` is of the state, which the browser and the provider carry."""

    __tablename__ = "oidc_attempts"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    nonce: Mapped[str] = mapped_column(sa.Text)
    verifier: Mapped[str] = mapped_column(sa.Text)
    destination: Mapped[str] = mapped_column(Words)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger, index=True)


class Identity(Base):
    """Somebody whom a provider knows. An e-mail address is no key: providers give them to others later."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(Words, primary_key=True)
    subject: Mapped[str] = mapped_column(Words, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
