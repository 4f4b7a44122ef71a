"""Views that are kept: who sees them, who changes them, and what happens when two do."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import statements
from tracker_server import auth, runs, saved_views
from tracker_server.auth.models import User
from tracker_server.db import Database
from tracker_server.errors import Conflict, Forbidden, NotFound, Refused
from tracker_server.saved_views.schema import NewSavedView, SavedView, SavedViewChanges


@pytest.fixture
def project(session: Session, actor: auth.Actor) -> runs.Project:
    return runs.create_project(session, "digits", "", actor_id=actor.id, now_ms=NOW_MS)


@pytest.fixture
def colleague(session: Session, actor: auth.Actor) -> int:
    made = User(name="grace", created_ms=NOW_MS)
    session.add(made)
    session.flush()
    return made.id


def keep(
    session: Session, project: runs.Project, actor_id: int, name: str | None, *, is_shared: bool = False, **view: str
) -> SavedView:
    new = NewSavedView(view, name, is_shared)
    return saved_views.create(session, project, new, new_id=f"{name}-{actor_id}", actor_id=actor_id, now_ms=NOW_MS)


def names(session: Session, project: runs.Project, actor_id: int) -> list[str | None]:
    return [view.name for view in saved_views.listed(session, project, actor_id)]


def test_a_kept_view_is_found_by_its_id(session: Session, actor: auth.Actor, project: runs.Project) -> None:
    made = keep(session, project, actor.id, "Mine", filter="lr > 0.1", sort="-metrics.acc")
    assert saved_views.get(session, made.id, actor.id) == made
    assert (made.project, made.owner, made.is_own, made.revision) == ("digits", "ada", True, 1)
    assert made.parameters == {"filter": "lr > 0.1", "sort": "-metrics.acc"}


def test_a_list_has_ones_own_and_what_others_share(
    session: Session, actor: auth.Actor, project: runs.Project, colleague: int
) -> None:
    keep(session, project, actor.id, "mine")
    keep(session, project, colleague, "Theirs")
    keep(session, project, colleague, "For all", is_shared=True)
    assert names(session, project, actor.id) == ["For all", "mine"]
    assert names(session, project, colleague) == ["For all", "Theirs"]


def test_a_view_without_a_name_is_kept_once_and_listed_nowhere(
    session: Session, actor: auth.Actor, project: runs.Project, colleague: int
) -> None:
    first = keep(session, project, actor.id, None, filter="a", sort="b")
    again = keep(session, project, colleague, None, sort="b", filter="a")
    other = keep(session, project, actor.id, None, filter="a", sort="c")
    assert first.id == again.id != other.id
    assert names(session, project, actor.id) == []


def test_a_second_tab_does_not_overwrite_what_the_first_has_saved(
    session: Session, actor: auth.Actor, project: runs.Project
) -> None:
    made = keep(session, project, actor.id, "Mine", x="step")
    changes = SavedViewChanges(made.revision, parameters={"x": "time"})
    saved = saved_views.change(session, made.id, changes, actor_id=actor.id, now_ms=NOW_MS + 1)
    assert (saved.parameters, saved.revision, saved.changed_ms) == ({"x": "time"}, 2, NOW_MS + 1)
    late = SavedViewChanges(made.revision, parameters={"x": "step"})
    with pytest.raises(Conflict, match="was changed meanwhile"):
        saved_views.change(session, made.id, late, actor_id=actor.id, now_ms=NOW_MS + 2)
    assert saved_views.get(session, made.id, actor.id).parameters == {"x": "time"}


def test_only_the_owner_changes_or_deletes_a_view(
    session: Session, actor: auth.Actor, project: runs.Project, colleague: int
) -> None:
    made = keep(session, project, actor.id, "Mine", is_shared=True)
    with pytest.raises(Forbidden, match="somebody else's"):
        saved_views.change(session, made.id, SavedViewChanges(1, name="X"), actor_id=colleague, now_ms=NOW_MS)
    with pytest.raises(Forbidden, match="somebody else's"):
        saved_views.delete(session, made.id, actor_id=colleague)
    saved_views.delete(session, made.id, actor_id=actor.id)
    with pytest.raises(NotFound, match="there is no saved view"):
        saved_views.get(session, made.id, actor.id)


def test_a_name_is_given_once_by_one_owner(
    session: Session, actor: auth.Actor, project: runs.Project, colleague: int
) -> None:
    keep(session, project, actor.id, "Mine")
    keep(session, project, colleague, "Mine")
    with pytest.raises(Conflict, match="'Mine' of yours"):
        keep(session, project, actor.id, "Mine", x="time")
    other = keep(session, project, actor.id, "Other")
    with pytest.raises(Conflict, match="'Mine' of yours"):
        saved_views.change(session, other.id, SavedViewChanges(1, name="Mine"), actor_id=actor.id, now_ms=NOW_MS)


def test_a_view_has_a_limit(session: Session, actor: auth.Actor, project: runs.Project) -> None:
    with pytest.raises(Refused, match="the limit is 65536"):
        keep(session, project, actor.id, None, plus="x" * 70_000)


def test_a_list_costs_one_statement_however_many_views(
    database: Database, session: Session, actor: auth.Actor, project: runs.Project
) -> None:
    for number in range(20):
        keep(session, project, actor.id, f"View {number}")
    with statements(database) as asked:
        assert len(saved_views.listed(session, project, actor.id)) == 20
    assert len(asked) == 1


def test_the_routes_keep_share_and_delete_a_view(client: FlaskClient) -> None:
    client.post("/api/v1/projects", json={"name": "digits"})
    made = client.post("/api/v1/projects/digits/views", json={"name": "Mine", "parameters": {"x": "time"}})
    assert made.status_code == 201
    path = f"/api/v1/views/{made.json['id']}"
    shared = client.patch(path, json={"revision": 1, "is_shared": True})
    assert (shared.json["is_shared"], shared.json["revision"], shared.json["parameters"]) == (True, 2, {"x": "time"})
    late = client.patch(path, json={"revision": 1, "name": "X"})
    assert (late.status_code, late.json["error"]["code"], late.json["error"]["revision"]) == (409, "view_changed", 2)
    assert [view["name"] for view in client.get("/api/v1/projects/digits/views").json["views"]] == ["Mine"]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
