"""Projects and runs: making them, changing them, and reading them whole.

What always holds: a run's number is given once and never changes, nor does its hue but by hand; every change that a row
of the runs table shows moves `changed_ms`; a run in the trash is found by nobody but `restore`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.naming import MAX_SHORT_NAME, is_project
from tracker.records import RunFinished, RunStarted
from tracker_server import auth, db, events
from tracker_server.auth.models import User
from tracker_server.errors import Conflict, Forbidden, NotFound, Refused
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.rights import EVERYTHING, Level, Rights
from tracker_server.runs import config, stopping
from tracker_server.runs.models import KeptRecord, Project, Run, RunTag, Writer
from tracker_server.runs.schema import RunBefore, RunChanges, Status

HUES = 10
ENDINGS = ("finished", "failed", "stopped")
MAX_TOLD_ERROR = 2000
"""Characters; an error may come with all of its traceback."""


def project(session: Session, name: str) -> Project:
    """The project of that name. Raises NotFound."""
    found = session.scalar(sa.select(Project).where(Project.name == name))
    if found is None:
        raise NotFound("unknown_project", f"there is no project {name!r}; a first run with project={name!r} makes it")
    return found


def create_project(
    session: Session, name: str, description: str, *, actor_id: int, now_ms: int, rights: Rights = EVERYTHING
) -> Project:
    """A new project, whose first admin its maker is.

    Raises Refused for a name that is not one, Conflict where there is one of that name, seen or not, and Forbidden
    without the right to make any.
    """
    check_project_name(name)
    _check_may_create(rights, name)
    taken = sa.select(Project.id).where(Project.name == name).execution_options(**EVERY_PROJECT)
    if session.scalar(taken) is not None:
        raise Conflict("project_exists", f"there is a project {name!r} already", field="name")
    made = Project(name=name, description=description, created_ms=now_ms, created_by=actor_id)
    session.add(made)
    session.flush()
    _welcome(session, made, rights, actor_id=actor_id, now_ms=now_ms)
    return made


def _check_may_create(rights: Rights, name: str) -> None:
    if not rights.may_create:
        raise Forbidden(
            "no_access",
            f"there is no project {name!r} that you may write to, and this key is not good for making one",
            field="project",
        )


def _welcome(session: Session, made: Project, rights: Rights, *, actor_id: int, now_ms: int) -> None:
    auth.join(session, made.id, actor_id, rights)
    auth.record(session, "project.created", made.name, actor_id=actor_id, now_ms=now_ms, project_id=made.id)


def check_project_name(name: str) -> None:
    """Raises Refused unless the name can stand in an address: no slash, no control character, not a dot alone."""
    if not is_project(name):
        raise Refused(
            "bad_project_name",
            f"{name[:200]!r} cannot name a project: a name has 1 to {MAX_SHORT_NAME} printable characters, no '/', "
            "and is not dots alone",
            field="project",
        )


def elsewhere(run_id: str) -> Refused:
    """That there is a run of that id, and that it is not the writer's, whether they see it or not."""
    message = f"run {run_id!r} belongs to another project than the one it was sent for; give the new run another id"
    return Refused("run_elsewhere", message, field="project")


def project_id_of_name(session: Session, name: str) -> int | None:
    """The project of that name, whoever asks."""
    return session.scalar(sa.select(Project.id).where(Project.name == name))


def project_id_of_run(session: Session, run_id: str) -> int | None:
    """The project of a run, in the trash or not, whoever asks."""
    return session.scalar(sa.select(Run.project_id).where(Run.id == run_id))


def get(session: Session, run_id: str) -> Run:
    """The run of that id. Raises NotFound, also for one in the trash."""
    run = session.get(Run, run_id)
    if run is None or run.deleted_ms is not None:
        raise NotFound("unknown_run", f"there is no run {run_id!r}")
    return run


def start(session: Session, record: RunStarted, *, actor_id: int, now_ms: int, rights: Rights = EVERYTHING) -> Run:
    """The run that a writer's first record names, made with its project where it is new, and the writer with it.

    A run of that id in another project is refused: an id belongs to one run for ever. Raises Forbidden for a project
    where one may not write, and for a new one without the right to make any.
    """
    owner = _project_for(session, record.project, actor_id=actor_id, now_ms=now_ms, rights=rights)
    run = session.get(Run, record.run_id, with_for_update=True, execution_options=EVERY_PROJECT)
    if run is None:
        run = _create(session, owner, record, actor_id=actor_id, now_ms=now_ms)
    elif run.project_id != owner.id:
        raise elsewhere(record.run_id)
    stopping.forget_if_resumed(run, record)
    if record.label == "" and run.finished_ms is not None and record.time_ms > run.finished_ms:
        run.status, run.finished_ms, run.exit_code, run.error = "running", None, None, None  # it was resumed
    _add_writer(session, run, record, now_ms)
    touch(session, run, now_ms=now_ms)
    return run


def _project_for(session: Session, name: str, *, actor_id: int, now_ms: int, rights: Rights) -> Project:
    """The project, made where it is new, and locked: the number of its next run is ours until the commit."""
    check_project_name(name)
    owner = sa.select(Project).where(Project.name == name).execution_options(**EVERY_PROJECT)
    if not rights.may_create:
        found = session.scalar(owner)
        if found is None or rights.level(found.id) < Level.WRITE:
            _check_may_create(rights, name)  # said before anything is made, and alike for hidden and absent
    made = db.insert(session, Project).values(
        name=name, description="", next_run_number=1, created_ms=now_ms, created_by=actor_id
    )
    is_new = session.scalar(made.on_conflict_do_nothing(index_elements=["name"]).returning(Project.id)) is not None
    project = session.scalars(owner.with_for_update()).one()
    if is_new:
        _welcome(session, project, rights, actor_id=actor_id, now_ms=now_ms)
    elif rights.level(project.id) < Level.WRITE:
        raise Forbidden(
            "no_access",
            f"you may not write to the project {name!r}; one of its admins can make you an editor, or log to another",
            field="project",
        )
    return project


def _create(session: Session, owner: Project, record: RunStarted, *, actor_id: int, now_ms: int) -> Run:
    number = owner.next_run_number
    owner.next_run_number = number + 1
    name = f"{record.name}-{number}" if record.is_name_generated else record.name
    run = Run(
        id=record.run_id,
        project_id=owner.id,
        number=number,
        name=name or f"run-{number}",
        hue=_free_hue(session, owner, record.run_id),
        group_name=record.group,
        job_type=record.job_type,
        parent_id=record.parent,
        reproduces=record.reproduces,
        notes=record.notes,
        created_ms=record.time_ms,
        started_ms=record.time_ms,
        heartbeat_ms=now_ms,
        changed_ms=now_ms,
        config={},
        environment={},
        created_by=actor_id,
        changed_by=actor_id,
    )
    session.add(run)
    session.flush()
    session.add_all(RunTag(run_id=run.id, tag=tag) for tag in dict.fromkeys(record.tags))
    session.flush()
    return run


def _free_hue(session: Session, owner: Project, run_id: str) -> int:
    """The hash of the id proposes; the first hue from there that none of the nine newest runs has decides."""
    newest = sa.select(Run.hue).where(Run.project_id == owner.id).order_by(Run.number.desc()).limit(HUES - 1)
    taken = set(session.scalars(newest))
    proposed = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4], "big") % HUES
    return next(hue % HUES for hue in range(proposed, proposed + HUES) if hue % HUES not in taken)


def _add_writer(session: Session, run: Run, record: RunStarted, now_ms: int) -> None:
    row = db.insert(session, Writer).values(
        run_id=run.id, name=record.writer, label=record.label, next_seq=0, lost_records=0, heartbeat_ms=now_ms
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["run_id", "name"]))


def writer(session: Session, run_id: str, name: str, *, for_update: bool = True) -> Writer | None:
    """The writer of that name, locked until the commit unless told otherwise; None where there is none yet."""
    statement = sa.select(Writer).where(Writer.run_id == run_id, Writer.name == name)
    return session.scalar(statement.with_for_update() if for_update else statement)


def touch(session: Session, run: Run, *, now_ms: int) -> None:
    """The run has been heard of. One that was taken for lost is running again by that."""
    run.heartbeat_ms = max(run.heartbeat_ms, now_ms)
    run.changed_ms = max(run.changed_ms, now_ms)


def set_environment(session: Session, run: Run, environment: dict[str, object]) -> None:
    """What the first writer captured stands; a later one, of a resumed run or another rank, adds what is missing."""
    run.environment = {**environment, **run.environment}
    user = run.environment.get("user")
    run.user_name = user if isinstance(user, str) else run.user_name


def set_config(session: Session, run: Run, values: dict[str, object]) -> None:
    """Replace top-level keys of the config, and the typed rows below them."""
    config.replace_config(session, run, values)


def set_summary(session: Session, run: Run, values: dict[str, float | str | bool | None]) -> None:
    """Replace summary values set by hand."""
    config.replace_summary(session, run, values)


def finish(session: Session, run: Run, ended: Writer, record: RunFinished) -> None:
    """A writer has ended. The run ends with its main writer; a failure of any writer is the run's, and stays.

    It is told once for each ending: by the writer that changes what the run has ended as.
    """
    if record.status not in ENDINGS:
        raise Refused("bad_record", f"a run ends as one of {', '.join(ENDINGS)}, not {record.status!r}", field="status")
    ended.finished_ms = record.time_ms
    before = run.status
    is_failure = record.status == "failed"
    if is_failure or (ended.label == "" and run.status != "failed"):
        run.status, run.exit_code, run.error = record.status, record.exit_code, record.error
    if is_failure or ended.label == "":
        run.finished_ms = max(run.finished_ms or 0, record.time_ms)
    if run.status != before:
        events.tell(session, _ending(run, record))


def _ending(run: Run, record: RunFinished) -> events.Event:
    facts = {
        "run": run.id,
        "name": run.name,
        "started_ms": run.started_ms,
        "finished_ms": run.finished_ms,
        "exit_code": run.exit_code,
        "error": run.error[:MAX_TOLD_ERROR] if run.error is not None else None,
    }
    return events.Event(f"run.{run.status}", run.project_id, record.time_ms, None, facts)


def keep_unknown(session: Session, writer: Writer, seq: int, payload: bytes) -> None:
    """Keep a record that this version does not know."""
    session.add(KeptRecord(writer_id=writer.id, seq=seq, payload=payload))


def lose(session: Session, run: Run, writer: Writer, count: int) -> None:
    """Count records that a writer could not keep or that a damaged journal lost."""
    run.lost_records += count
    writer.lost_records += count


def change(session: Session, run_id: str, changes: RunChanges, *, actor_id: int, now_ms: int) -> Run:
    """Rename, annotate, tag or colour a run. Raises Conflict where it is no longer what the changes are based on."""
    run = get(session, run_id)
    _check_unchanged(session, run, changes.before)
    if isinstance(changes.name, str):
        run.name = changes.name
    if isinstance(changes.notes, str):
        run.notes = changes.notes
    if not isinstance(changes.hue, msgspec.UnsetType):
        _choose_hue(run, changes.hue)
    if isinstance(changes.tags, list):
        session.execute(sa.delete(RunTag).where(RunTag.run_id == run.id))
        session.add_all(RunTag(run_id=run.id, tag=tag) for tag in dict.fromkeys(changes.tags))
    run.changed_by, run.changed_ms = actor_id, now_ms
    session.flush()
    return run


def _choose_hue(run: Run, hue: int | None) -> None:
    """None is the way back to the hue that the run was given."""
    given = run.hue if run.given_hue is None else run.given_hue
    run.hue, run.given_hue = (given, None) if hue is None else (hue, given)


def _check_unchanged(session: Session, run: Run, before: RunBefore) -> None:
    session.refresh(run, ["name", "notes"], with_for_update=True)
    now = {"name": run.name, "notes": run.notes, "tags": tags(session, [run.id])[run.id]}
    for field, value in now.items():
        seen = getattr(before, field)
        is_same = seen is msgspec.UNSET or (
            sorted(set(seen)) == sorted(set(value)) if field == "tags" else seen == value
        )
        if not is_same:
            by = session.scalar(sa.select(User.name).where(User.id == run.changed_by))
            shown = ", ".join(value) if isinstance(value, list) else value
            raise Conflict(
                "changed_meanwhile",
                f"{by} has changed the {field} of this run meanwhile, to {shown!r}; look at it and save again",
                field=field,
            )


def delete(session: Session, run_id: str, *, actor_id: int, now_ms: int) -> None:
    """Into the trash: nothing of it is shown any more, and `restore` brings it back."""
    run = get(session, run_id)
    run.deleted_ms, run.changed_ms, run.changed_by = now_ms, now_ms, actor_id


def restore(session: Session, run_id: str, *, actor_id: int, now_ms: int) -> Run:
    """Out of the trash again."""
    run = session.get(Run, run_id)
    if run is None:
        raise NotFound("unknown_run", f"there is no run {run_id!r}, in the trash or out of it")
    run.deleted_ms, run.changed_ms, run.changed_by = None, now_ms, actor_id
    return run


def archive(session: Session, run: Run, *, is_archived: bool, actor_id: int, now_ms: int) -> None:
    """Have lists leave the run out, or not; everything else of it goes on."""
    run.archived_ms = now_ms if is_archived else None
    run.changed_by, run.changed_ms = actor_id, now_ms
    session.flush()


def status(run: Run, *, now_ms: int, lost_after_ms: int) -> Status:
    """What a run is now: a running one that has been silent for too long is lost, until it speaks again."""
    if run.status == "running" and run.heartbeat_ms < now_ms - lost_after_ms:
        return "lost"
    return run.status  # type: ignore[return-value]


def started(session: Session, run_ids: Sequence[str]) -> dict[str, int]:
    """When each of these runs started, in Unix milliseconds; those that are unknown or in the trash are left out."""
    statement = sa.select(Run.id, Run.started_ms).where(Run.id.in_(run_ids), Run.deleted_ms.is_(None))
    return {row.id: row.started_ms for row in session.execute(statement)}


def reproductions(session: Session, run_id: str) -> list[str]:
    """The runs that repeat this one, newest first, twenty at most. Those in the trash are not among them."""
    statement = sa.select(Run.id).where(Run.reproduces == run_id, Run.deleted_ms.is_(None))
    return list(session.scalars(statement.order_by(Run.created_ms.desc(), Run.id).limit(20)))


def locked(session: Session, run_id: str) -> Run | None:
    """The run, in the trash or not, held until the commit so that its batches follow one another; None for no run."""
    return session.get(Run, run_id, with_for_update=True, populate_existing=True)


def tags(session: Session, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """The tags of each run, in order."""
    found: dict[str, list[str]] = {run_id: [] for run_id in run_ids}
    statement = sa.select(RunTag.run_id, RunTag.tag).where(RunTag.run_id.in_(run_ids)).order_by(RunTag.tag)
    for run_id, tag in session.execute(statement):
        found[run_id].append(tag)
    return found
