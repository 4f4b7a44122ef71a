"""The routes of people, keys, roles and invitations."""

from __future__ import annotations

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.accounts import invitations, keys, members, people
from tracker_server.accounts.schema import (
    AccessKey,
    AccessKeyMade,
    AccessKeys,
    AccessKeysQuery,
    EveryonesRole,
    Invitation,
    InvitationMade,
    Invitations,
    Joining,
    Members,
    NewAccessKey,
    NewInvitation,
    NewPerson,
    NewPersonMade,
    NewRole,
    People,
    PersonChanges,
    PersonNames,
    Roles,
)
from tracker_server.auth import attempts, service
from tracker_server.auth.guard import remember
from tracker_server.auth.schema import Me
from tracker_server.auth.views import signed_in
from tracker_server.db import Database
from tracker_server.errors import Forbidden, NotFound
from tracker_server.http import Api, Call, reply
from tracker_server.http.api import Created
from tracker_server.rights import Level

api = Api("accounts")


@api.get("/me/roles", access="signed_in", reply=Roles)
def get_roles(call: Call) -> Roles:
    """What one is in projects."""
    return members.own(call.session, call.rights)


@api.get("/keys", access="signed_in", query=AccessKeysQuery, reply=AccessKeys)
def list_access_keys(call: Call, query: AccessKeysQuery) -> AccessKeys:
    """One's own keys; for an admin those of somebody else, or everybody's."""
    if not (query.all or query.owner):
        return AccessKeys(keys.listed(call.session, call.actor_id))
    if not call.rights.administers:
        raise Forbidden("not_admin", "only an admin of this server sees the keys of others, signed in by password")
    return AccessKeys(keys.listed(call.session, people.get(call.session, query.owner).id if query.owner else None))


@api.post("/keys", access="signed_in", body=NewAccessKey, reply=AccessKeyMade, status=201, shows_secret=True)
def create_key(call: Call, body: NewAccessKey) -> Created[AccessKeyMade]:
    """Make a key; its secret is shown in this answer and never again."""
    _refuse_keys(call)
    key, secret = keys.create(
        call.session, body, actor_id=call.actor_id, may_own_others=call.rights.administers, now_ms=call.now_ms
    )
    return Created(AccessKeyMade(key, secret))


@api.delete("/keys/<int:key_id>", access="signed_in", reply=AccessKey)
def revoke_key(call: Call, key_id: int) -> AccessKey:
    """Revoke a key: it is good for nothing from now on."""
    _refuse_keys(call)
    return keys.revoke(
        call.session, key_id, actor_id=call.actor_id, may_own_others=call.rights.administers, now_ms=call.now_ms
    )


@api.get("/people", access="administer", reply=People)
def list_people(call: Call) -> People:
    """Everybody that there is on this server."""
    return People(people.listed(call.session))


@api.post("/people", access="administer", body=NewPerson, reply=NewPersonMade, status=201, shows_secret=True)
def create_person(call: Call, body: NewPerson) -> Created[NewPersonMade]:
    """Make a person, whose first password this answer shows once, or a service account."""
    person, password = people.create(call.session, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return Created(NewPersonMade(person, password))


@api.patch("/people/<person>", access="administer", body=PersonChanges, reply=NewPersonMade, shows_secret=True)
def change_person(call: Call, person: str, body: PersonChanges) -> NewPersonMade:
    """Make somebody an admin or not, let them enter or not, or give them a new password, which is shown once."""
    changed, password = people.change(call.session, person, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return NewPersonMade(changed, password)


@api.get("/projects/<project>/members", reply=Members)
def list_members(call: Call, project: str) -> Members:
    """Who has a role in a project; who looks through a shared link is not told."""
    if not call.rights.is_member:
        raise Forbidden("only_a_link", "a shared link shows nobody's roles; sign in to see them")
    return members.listed(call.session, runs.project(call.session, project))


@api.get("/projects/<project>/members/candidates", access="manage", reply=PersonNames)
def list_candidates(call: Call, project: str) -> PersonNames:
    """Who could be given a role."""
    runs.project(call.session, project)
    return PersonNames(people.names(call.session))


@api.put("/projects/<project>/members/<person>", access="manage", body=NewRole, reply=Members)
def give_role(call: Call, project: str, person: str, body: NewRole) -> Members:
    """Give somebody a role in a project."""
    owner = runs.project(call.session, project)
    members.give(call.session, owner, person, body.role, actor_id=call.actor_id, now_ms=call.now_ms)
    return members.listed(call.session, owner)


@api.delete("/projects/<project>/members/<person>", access="manage", reply=Members)
def take_role(call: Call, project: str, person: str) -> Members:
    """Take somebody's role in a project away."""
    owner = runs.project(call.session, project)
    members.take(call.session, owner, person, actor_id=call.actor_id, now_ms=call.now_ms)
    return members.listed(call.session, owner)


@api.put("/projects/<project>/everyone", access="manage", body=EveryonesRole, reply=Members)
def open_project(call: Call, project: str, body: EveryonesRole) -> Members:
    """Give whoever is signed in a role in a project, or none."""
    owner = runs.project(call.session, project)
    members.open_to_everyone(call.session, owner, body.role, actor_id=call.actor_id, now_ms=call.now_ms)
    return members.listed(call.session, owner)


@api.get("/invitations", access="administer", reply=Invitations)
def list_invitations(call: Call) -> Invitations:
    """The invitations, also those that are good no more."""
    return Invitations(invitations.listed(call.session))


@api.post("/invitations", access="administer", body=NewInvitation, reply=InvitationMade, status=201, shows_secret=True)
def create_invitation(call: Call, body: NewInvitation) -> Created[InvitationMade]:
    """Invite somebody to make an account; the secret is shown in this answer and never again."""
    made, secret = invitations.create(call.session, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return Created(InvitationMade(made, secret))


@api.delete("/invitations/<int:invitation>", access="administer", reply=Invitation)
def revoke_invitation(call: Call, invitation: int) -> Invitation:
    """Revoke an invitation: nobody joins by it from now on."""
    return invitations.revoke(call.session, invitation, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/session/invitation", access="public", body=Joining, reply=Me, changes=False)
def join_server(call: Call, body: Joining) -> Response:
    """Make oneself an account by an invitation, and be signed in; the answer sets a cookie."""
    if call.rights.is_member:
        raise Forbidden("signed_in_already", f"you are signed in as {call.actor}; sign out to join as somebody new")
    address = request.remote_addr or ""
    attempts.check(call.session, "", address, call.now_ms)
    try:
        with _writing() as session:
            user = invitations.accept(session, body, now_ms=call.now_ms)
            secret = service.start_session(session, user.id, call.now_ms)
            session.commit()
            me = signed_in(session, secret, call)
    except NotFound:
        with _writing() as session:
            attempts.note_failure(session, "", address, call.now_ms)
            session.commit()
        raise
    response = reply(me)
    remember(response, secret)
    return response


def _writing() -> Session:
    """A transaction of its own: a failure is counted whatever becomes of the request."""
    database: Database = current_app.extensions["tracker.database"]
    return database.writing()


def _refuse_keys(call: Call) -> None:
    """A key that was lost makes no other and revokes none: its finder would stay inside."""
    if call.rights.most < Level.MANAGE:
        raise Forbidden(
            "only_signed_in", "keys are made and revoked on the page Settings, signed in by name and password"
        )
