"""The routes of corrections."""

from __future__ import annotations

from tracker_server import runs
from tracker_server.corrections import acts, log, service
from tracker_server.corrections.schema import (
    Correction,
    CorrectionMade,
    CorrectionPage,
    CorrectionQuery,
    DeletionQuery,
    Effects,
    NewCorrection,
    ProjectChanges,
    Undo,
)
from tracker_server.http import Api, Call, Created

api = Api("corrections")


@api.get("/projects/<project>/corrections", query=CorrectionQuery, reply=CorrectionPage)
def list_corrections(call: Call, project: str, query: CorrectionQuery) -> CorrectionPage:
    """What was corrected in a project, by whom and why, the newest first."""
    return log.page(call.session, runs.project(call.session, project).id, query)


@api.post("/projects/<project>/corrections/preview", access="read", body=NewCorrection, reply=Effects)
def preview_correction(call: Call, project: str, body: NewCorrection) -> Effects:
    """What a correction would be about, or why it cannot be made; nothing is changed."""
    owner = runs.project(call.session, project)
    return service.preview(call.session, owner, body, lost_before_ms=_lost_before_ms(call))


@api.post("/projects/<project>/corrections", body=NewCorrection, reply=CorrectionMade, status=201)
def make_correction(call: Call, project: str, body: NewCorrection) -> Created[CorrectionMade]:
    """Rename, hide or delete a metric, of one run or of the project."""
    owner = runs.project(call.session, project)
    entry, effects = service.correct(
        call.session, owner, body, actor_id=call.actor_id, now_ms=call.now_ms, lost_before_ms=_lost_before_ms(call)
    )
    return Created(CorrectionMade(log.described(call.session, entry), effects))


@api.post("/projects/<project>/corrections/<int:entry_id>/undo", body=Undo, reply=Correction, status=201)
def undo_correction(call: Call, project: str, entry_id: int, body: Undo) -> Created[Correction]:
    """Take back a correction; that is an entry of its own."""
    owner = runs.project(call.session, project)
    entry = service.undo(call.session, owner, entry_id, body.reason, actor_id=call.actor_id, now_ms=call.now_ms)
    return Created(log.described(call.session, entry))


@api.patch("/projects/<project>", body=ProjectChanges, status=204)
def change_project(call: Call, project: str, body: ProjectChanges) -> None:
    """Archive a project, or take it out of the archive."""
    owner = runs.project(call.session, project)
    acts.archive_project(
        call.session,
        owner,
        is_archived=body.is_archived,
        reason=body.reason,
        actor_id=call.actor_id,
        now_ms=call.now_ms,
    )


@api.delete("/runs/<run_id>", query=DeletionQuery, status=204)
def delete_run(call: Call, run_id: str, query: DeletionQuery) -> None:
    """Put a run into the trash."""
    acts.delete(call.session, run_id, reason=query.reason, actor_id=call.actor_id, now_ms=call.now_ms)


def _lost_before_ms(call: Call) -> int:
    return call.now_ms - call.settings.lost_after_ms
