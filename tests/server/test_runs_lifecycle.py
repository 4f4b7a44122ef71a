"""A run from its first record to its end, through the front door of runs."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tracker.records import ConsoleLine, RunFinished, RunStarted
from tracker_server import auth, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.runs import console
from tracker_server.runs.schema import ConsoleQuery, RunChanges

MINUTE_MS = 60_000


def started(session: Session, actor: auth.Actor, run_id: str = "r1", **fields: object) -> runs.Run:
    values: dict[str, object] = {"project": "digits", "writer": "w0", "name": "calm-heron", **fields}
    record = RunStarted(NOW_MS, run_id, **values)  # type: ignore[arg-type]
    return runs.start(session, record, actor_id=actor.id, now_ms=NOW_MS)


def ended(session: Session, run: runs.Run, status: str, *, writer: str = "w0", time_ms: int = NOW_MS + 1000) -> None:
    row = runs.writer(session, run.id, writer)
    assert row is not None
    runs.finish(session, run, row, RunFinished(time_ms, status, exit_code=int(status == "failed")))


def test_the_first_record_makes_the_project_and_the_run(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor, tags=("baseline", "baseline"), group="sweep")
    assert runs.project(session, "digits").id == run.project_id
    assert (run.number, run.name, run.group_name, run.status) == (1, "calm-heron", "sweep", "running")
    assert runs.tags(session, ["r1"]) == {"r1": ["baseline"]}


def test_a_generated_name_gets_the_number_of_the_run(session: Session, actor: auth.Actor) -> None:
    started(session, actor, "r1", is_name_generated=True)
    assert started(session, actor, "r2", is_name_generated=True).name == "calm-heron-2"


def test_the_same_record_again_changes_nothing(session: Session, actor: auth.Actor) -> None:
    first = started(session, actor)
    assert started(session, actor) is first
    assert runs.project(session, "digits").next_run_number == 2


def test_ten_runs_in_a_row_have_ten_hues(session: Session, actor: auth.Actor) -> None:
    assert {started(session, actor, f"r{number}").hue for number in range(10)} == set(range(10))


def test_a_hue_is_chosen_and_given_back(session: Session, actor: auth.Actor) -> None:
    given = started(session, actor).hue

    def choose(hue: int | None) -> tuple[int, bool]:
        run = runs.change(session, "r1", RunChanges(hue=hue), actor_id=actor.id, now_ms=NOW_MS + 1)
        return run.hue, run.given_hue is not None

    others = [hue for hue in range(10) if hue != given]
    assert [choose(others[0]), choose(others[1]), choose(None), choose(None)] == [
        (others[0], True),
        (others[1], True),
        (given, False),
        (given, False),
    ]
    runs.change(session, "r1", RunChanges(hue=others[2]), actor_id=actor.id, now_ms=NOW_MS + 2)
    again = runs.change(session, "r1", RunChanges(name="otter"), actor_id=actor.id, now_ms=NOW_MS + 3)
    assert (again.hue, again.changed_ms) == (others[2], NOW_MS + 3)


def test_a_run_of_another_project_is_refused(session: Session, actor: auth.Actor) -> None:
    started(session, actor)
    with pytest.raises(Refused, match="belongs to another project"):
        started(session, actor, project="faces")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\nb", "x" * 129], ids=["empty", "slash", "dots", "line", "long"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(session: Session, actor: auth.Actor, name: str) -> None:
    with pytest.raises(Refused, match="cannot name a project"):
        started(session, actor, project=name)


def test_a_run_ends_with_its_main_writer(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    started(session, actor, writer="w1", label="rank1")
    ended(session, run, "finished", writer="w1")
    assert run.status == "running"
    ended(session, run, "finished", time_ms=NOW_MS + 2000)
    assert (run.status, run.finished_ms) == ("finished", NOW_MS + 2000)


def test_a_failure_of_any_writer_is_the_runs_and_stays(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    started(session, actor, writer="w1", label="rank1")
    ended(session, run, "failed", writer="w1")
    ended(session, run, "stopped")
    assert (run.status, run.exit_code) == ("failed", 1)


def test_a_new_main_writer_resumes_a_run_that_had_ended(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    ended(session, run, "failed")
    record = RunStarted(NOW_MS + MINUTE_MS, "r1", "digits", "w9", is_resumed=True)
    runs.start(session, record, actor_id=actor.id, now_ms=NOW_MS + MINUTE_MS)
    assert (run.status, run.finished_ms, run.error) == ("running", None, None)


def test_an_old_journal_that_arrives_late_does_not_revive_a_finished_run(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    ended(session, run, "finished")
    started(session, actor, writer="w-early")
    assert run.status == "finished"


def test_a_silent_run_is_lost_until_it_speaks(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    later = NOW_MS + 2 * MINUTE_MS
    assert runs.status(run, now_ms=later, lost_after_ms=MINUTE_MS) == "lost"
    runs.touch(session, run, now_ms=later)
    assert runs.status(run, now_ms=later, lost_after_ms=MINUTE_MS) == "running"


def test_an_unknown_ending_is_refused(session: Session, actor: auth.Actor) -> None:
    with pytest.raises(Refused, match="not 'vanished'"):
        ended(session, started(session, actor), "vanished")


def test_a_run_in_the_trash_is_found_by_restore_alone(session: Session, actor: auth.Actor) -> None:
    started(session, actor)
    runs.delete(session, "r1", actor_id=actor.id, now_ms=NOW_MS)
    with pytest.raises(NotFound, match="there is no run 'r1'"):
        runs.get(session, "r1")
    assert runs.restore(session, "r1", actor_id=actor.id, now_ms=NOW_MS).deleted_ms is None


def test_a_change_touches_only_what_it_names(session: Session, actor: auth.Actor) -> None:
    started(session, actor, notes="first", tags=("a",))
    run = runs.change(session, "r1", RunChanges(tags=["b", "c"]), actor_id=actor.id, now_ms=NOW_MS + 5)
    assert (run.name, run.notes, runs.tags(session, ["r1"])["r1"]) == ("calm-heron", "first", ["b", "c"])


def test_console_lines_are_numbered_over_batches_and_read_by_range(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    writer = runs.writer(session, "r1", "w0")
    assert writer is not None
    for start in (0, 100, 200):
        lines = [ConsoleLine(NOW_MS, "stderr" if n % 2 else "stdout", f"line {n}\0") for n in range(start, start + 100)]
        runs.append_console(session, run, writer, lines)
    session.flush()
    page = console.read(session, run, ConsoleQuery(start=98, limit=4))
    assert [(line.number, line.text, line.stream) for line in page.lines] == [
        (n, f"line {n}\0", "stderr" if n % 2 else "stdout") for n in range(98, 102)
    ]
    assert page.total == 300
    assert [line.number for line in console.read(session, run, ConsoleQuery(start=-2, limit=10)).lines] == [298, 299]
