"""What differs between two versions: in SQL, so that no file is read that is the same in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.artifacts import schema
from tracker_server.artifacts.models import ArtifactFile, ArtifactReference
from tracker_server.artifacts.service import get_version

NOTHING = schema.ChangeTotals(
    added=0, added_bytes=0, removed=0, removed_bytes=0, changed=0, changed_bytes=0, replaced_bytes=0, unsized=0
)

_UNSIZED = (ArtifactReference.size_bytes == 0) & (ArtifactReference.digest == "")
"""What nobody has read, and of which nothing was looked up: its size is not known."""


def between(session: Session, version_id: int, wanted: schema.ChangesQuery) -> schema.ArtifactChanges:
    """A page of what changed from the version `since` to this one. Raises NotFound for either."""
    new, old = get_version(session, version_id), get_version(session, wanted.since)
    is_same = new.id == old.id or new.digest == old.digest
    is_first = wanted.cursor is None
    rows = [] if is_same else _rows(session, new.id, old.id, wanted.cursor or "", wanted.limit + 1)
    shown = rows[: wanted.limit]
    return schema.ArtifactChanges(
        version=new.id,
        since=old.id,
        totals=(NOTHING if is_same else totals(session, new.id, old.id)) if is_first else None,
        changes=shown,
        next_cursor=shown[-1].path if len(rows) > len(shown) else None,
    )


def first(session: Session, version_id: int, since: int, limit: int) -> list[schema.FileChange]:
    """The first changes from one version to another."""
    return _rows(session, version_id, since, "", limit)


def totals(session: Session, version_id: int, since: int) -> schema.ChangeTotals:
    """How many files differ, and their bytes. One statement, which goes through all paths of both."""
    new, old = _both(session, version_id, since)
    is_added = old.c.path.is_(None)
    count = sa.func.count()
    sums = [sa.func.sum(side.c[name]) for name in ("size_bytes", "unsized") for side in (new, old)]
    forward = sa.select(is_added, count, *sums).select_from(_beside(new, old)).group_by(is_added)
    differs = sa.or_(is_added, _differs(new, old))
    found = {bool(row[0]): [int(value or 0) for value in row[1:]] for row in session.execute(forward.where(differs))}
    added, changed = found.get(True, [0] * 5), found.get(False, [0] * 5)
    # What both have is what is new less what was added; the rest of the old version was removed.
    before, after = get_version(session, since), get_version(session, version_id)
    removed = before.file_count - (after.file_count - added[0])
    removed_bytes = before.size_bytes - (after.size_bytes - added[1] - changed[1] + changed[2])
    unsized = unsized_counts(session, [version_id, since])
    removed_unsized = unsized[since] - (unsized[version_id] - added[3] - changed[3]) - changed[4]
    return schema.ChangeTotals(
        added=added[0],
        added_bytes=added[1],
        removed=removed,
        removed_bytes=removed_bytes,
        changed=changed[0],
        changed_bytes=changed[1],
        replaced_bytes=changed[2],
        unsized=added[3] + changed[3] + changed[4] + removed_unsized,
    )


def unsized_by_version() -> sa.Select[int, int]:
    """`version_id` and `unsized` of every version that has such files."""
    version_id = ArtifactReference.version_id
    return sa.select(version_id, sa.func.count().label("unsized")).where(_UNSIZED).group_by(version_id)


def unsized_counts(session: Session, version_ids: Sequence[int]) -> dict[int, int]:
    """Of each version, how many of its files lie elsewhere and are of a size that nobody knows."""
    statement = unsized_by_version().where(ArtifactReference.version_id.in_(version_ids))
    found = {row[0]: row[1] for row in session.execute(statement)}
    return {one: found.get(one, 0) for one in version_ids}


def _rows(session: Session, version_id: int, since: int, after: str, limit: int) -> list[schema.FileChange]:
    """The changes at paths after that one: of both ways the first, put in order."""
    new, old = _both(session, version_id, since)
    is_new = sa.or_(old.c.path.is_(None), _differs(new, old))
    forward = _read(session, new, old, is_new, after, limit)
    backward = _read(session, old, new, new.c.path.is_(None), after, limit)
    found = [_change(row[:4], row[4:]) for row in forward] + [_change((None,) * 4, row[:4]) for row in backward]
    return sorted(found, key=lambda one: one.path)[:limit]


def _read(
    session: Session, one: sa.Subquery, other: sa.Subquery, where: sa.ColumnElement[bool], after: str, limit: int
) -> list[tuple[Any, ...]]:
    columns = [side.c[name] for side in (one, other) for name in ("path", "size_bytes", "digest", "reference")]
    statement = sa.select(*columns).select_from(_beside(one, other)).where(where, one.c.path > after)
    return [tuple(row) for row in session.execute(statement.order_by(one.c.path).limit(limit))]


def _change(new: tuple[Any, ...], old: tuple[Any, ...]) -> schema.FileChange:
    return schema.FileChange(
        path=new[0] if new[0] is not None else old[0],
        change="added" if old[0] is None else "removed" if new[0] is None else "changed",
        size_bytes=new[1],
        digest=new[2],
        reference=new[3],
        old_size_bytes=old[1],
        old_digest=old[2],
        old_reference=old[3],
    )


def _beside(one: sa.Subquery, other: sa.Subquery) -> sa.Join:
    return sa.outerjoin(one, other, one.c.path == other.c.path)


def _differs(new: sa.Subquery, old: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.or_(*(new.c[name] != old.c[name] for name in ("digest", "size_bytes", "reference", "etag")))


def _both(session: Session, version_id: int, since: int) -> tuple[sa.Subquery, sa.Subquery]:
    """The files of each; references are looked at only where there are any, as a union is joined without an index."""
    is_either = ArtifactReference.version_id.in_([version_id, since])
    has_references = session.scalar(sa.select(ArtifactReference.version_id).where(is_either).limit(1)) is not None
    return _files(version_id, has_references), _files(since, has_references)


def _files(version_id: int, has_references: bool) -> sa.Subquery:
    file, reference = ArtifactFile, ArtifactReference
    none = sa.literal("", sa.Text)
    sized = sa.literal(0, sa.Integer).label("unsized")
    own = sa.select(file.path, file.digest, file.size_bytes, none.label("reference"), none.label("etag"), sized)
    own = own.where(file.version_id == version_id)
    if not has_references:
        return own.subquery()
    unsized = sa.case((_UNSIZED, 1), else_=0).label("unsized")
    columns = (reference.path, reference.digest, reference.size_bytes, reference.reference, reference.etag, unsized)
    return sa.union_all(own, sa.select(*columns).where(reference.version_id == version_id)).subquery()
