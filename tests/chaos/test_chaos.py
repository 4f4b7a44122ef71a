"""What `make chaos` tries in full, tried a little: the same code on the same real processes, with small counts."""

from __future__ import annotations

from chaos.bad_network import bad_network
from chaos.changes import APART, CASES, changing_routes
from chaos.hostile import hostile
from chaos.killed_clients import killed_clients
from chaos.killed_server import killed_server
from chaos.killed_uploads import killed_uploads
from chaos.locked import locked
from chaos.outcomes import Outcome, text
from chaos.sent_again import sent_again
from chaos.soak import soak

PATIENCE = 10.0
"""A machine that runs other tests beside may take so many times as long; `make chaos` holds to the goals."""


def assert_held(outcome: Outcome) -> None:
    assert outcome.counted, "nothing was tried"
    assert outcome.is_held, text([outcome])


def test_a_server_killed_while_clients_log_keeps_what_it_acknowledged_once() -> None:
    assert_held(killed_server(kills=2, points_before=100_000, patience=PATIENCE))


def test_what_is_logged_through_a_bad_network_is_stored_once() -> None:
    assert_held(bad_network(points=3000, clients=3, seconds=3))


def test_what_killed_clients_logged_is_recovered_by_one_sync_and_not_changed_by_a_second() -> None:
    assert_held(killed_clients(kills=6))


def test_a_large_file_goes_on_where_a_client_or_a_server_was_killed() -> None:
    assert_held(killed_uploads(kills=2, mebibytes=32))


def test_every_route_that_changes_something_has_a_case() -> None:
    way_out = "write a case of it in chaos/changes.py, so that it is sent again after a cut and made once all the same"
    without = set(changing_routes()) - CASES.keys() - APART.keys()
    assert not without, way_out
    assert not (CASES.keys() | APART.keys()) - set(changing_routes()), "these routes are not there any more"


def test_a_change_that_is_sent_again_is_made_once() -> None:
    assert_held(sent_again(rounds=1, faults=["cut after"]))


def test_a_locked_database_is_waited_for_and_then_told() -> None:
    routes = ["POST /projects", "DELETE /runs/<run_id>", "PUT /blobs/<digest>", "POST /runs/<run_id>/journal"]
    assert_held(locked(routes=routes, patience=PATIENCE))


def test_hostile_requests_do_no_harm() -> None:
    assert_held(hostile(share=0.015, patience=PATIENCE))


def test_everyday_use_fails_nowhere_and_leaves_nothing_open() -> None:
    assert_held(soak(seconds=8, is_timed=False))
