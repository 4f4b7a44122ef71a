"""What the API takes and tells of people, keys and roles."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.auth.schema import Kind
from tracker_server.auth.service import Scope
from tracker_server.bounds import Secret
from tracker_server.rights import Role

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
MAX_PROJECTS = 1000


class Roles(msgspec.Struct, frozen=True):
    """What one is in projects. `everywhere` is for all of them, whatever `projects` (by name) says of one."""

    everywhere: Role | None
    projects: dict[str, Role]
    may_create: bool


class Person(msgspec.Struct, frozen=True):
    """Somebody that acts stand under. `last_used_ms` is when one of the keys was last shown."""

    name: str
    kind: Kind
    email: str | None
    is_admin: bool
    is_active: bool
    has_password: bool
    created_ms: int
    key_count: int
    last_used_ms: int | None


class People(msgspec.Struct, frozen=True):
    people: list[Person]


class PersonName(msgspec.Struct, frozen=True):
    name: str
    kind: Kind


class PersonNames(msgspec.Struct, frozen=True):
    people: list[PersonName]


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    kind: Kind = "person"
    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    is_admin: bool = False


class NewPersonMade(msgspec.Struct, frozen=True):
    """`password` is shown this once; a service account has none."""

    person: Person
    password: str | None


class PersonChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is given is changed. `resets_password` makes a new random one, which the answer shows once."""

    email: Annotated[str, msgspec.Meta(max_length=254)] | msgspec.UnsetType | None = msgspec.UNSET
    is_admin: bool | msgspec.UnsetType = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET
    resets_password: bool = False


class AccessKey(msgspec.Struct, frozen=True):
    """`projects` is None where it is good for all that its owner may see. `prefix` begins its secret."""

    id: int
    owner: str
    name: str
    prefix: str
    scope: Scope
    projects: list[str] | None
    created_ms: int
    expires_ms: int | None
    last_used_ms: int | None
    revoked_ms: int | None


class AccessKeys(msgspec.Struct, frozen=True):
    keys: list[AccessKey]


class AccessKeysQuery(msgspec.Struct, frozen=True):
    """`owner` names somebody else, for an admin; `all` (1) lists everybody's."""

    owner: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    all: int = 0


class NewAccessKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`owner` names a service account, for an admin; without it the key is one's own. `expires_ms` is a Unix time."""

    name: Name
    scope: Scope = "write"
    projects: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=MAX_PROJECTS)] | None = None
    expires_ms: int | None = None
    owner: Name | None = None


class AccessKeyMade(msgspec.Struct, frozen=True):
    """`secret` is shown this once."""

    key: AccessKey
    secret: str


class Member(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    role: Role
    is_active: bool


class Members(msgspec.Struct, frozen=True):
    """Who has a role in a project. `everyone` is the role of whoever is signed in; None leaves others out."""

    everyone: Role | None
    members: list[Member]


class NewRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role


class EveryonesRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role | None


class Invitation(msgspec.Struct, frozen=True):
    """`roles` is what the new person will be, by project; `used_by` who that has become."""

    id: int
    note: str
    roles: dict[str, Role]
    created_by: str
    created_ms: int
    expires_ms: int
    used_by: str | None
    used_ms: int | None
    revoked_ms: int | None


class Invitations(msgspec.Struct, frozen=True):
    invitations: list[Invitation]


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`note` says whom it is for. It is good for so many days, and once."""

    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    note: Annotated[str, msgspec.Meta(max_length=254)] = ""
    roles: Annotated[dict[Name, Role], msgspec.Meta(max_length=MAX_PROJECTS)] = {}


class InvitationMade(msgspec.Struct, frozen=True):
    """`secret` is shown this once; it stands behind the `#` of the address `/join`."""

    invitation: Invitation
    secret: str


class Joining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who was invited chooses a name and a password."""

    secret: Secret
    name: Name
    password: Secret
