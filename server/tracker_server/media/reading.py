"""The media of runs as pages read them: their names, their steps, a page of them, and what is seen at a step.

What always holds: whatever a run has logged, an answer has a greatest size; and apart from the counts, which read an
index, none costs more because a run has more. What was superseded is in none of them, as it is in no curve.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import db, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.media.counting import Counting, counting
from tracker_server.media.models import MediaFile, MediaItem
from tracker_server.media.schema import (
    MAX_STEPS,
    Media,
    MediaAt,
    MediaAtRequest,
    MediaFileEntry,
    MediaGroup,
    MediaList,
    MediaName,
    MediaNames,
    MediaQuery,
    MediaSteps,
)

MAX_LISTED_DETAILS = 32 * 1024
"""Of a piece in a list, as JSON: a histogram of the most bins fits."""

MAX_LISTED_FILES = 32

MAX_IN_GROUP = 64
MAX_AT_ONCE = 1200
"""How many pieces one answer for a step has about at most."""

FRAMED = ("plotly", "html", "svg")

MAX_INTEGER = 2**63 - 1

_ORDER = (MediaItem.name, MediaItem.step, MediaItem.position, MediaItem.id)


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended."""

    name: str
    step: int
    position: int
    id: int


def names(session: Session, run_id: str) -> MediaNames:
    """What the run logged by which name. O(pieces), of an index alone."""
    count, first, last = sa.func.count(), sa.func.min(MediaItem.step), sa.func.max(MediaItem.step)
    statement = (
        sa.select(MediaItem.name, MediaItem.kind, count, first, last)
        .where(MediaItem.run_id == run_id, counting(session, [run_id])(MediaItem))
        .group_by(MediaItem.name, MediaItem.kind)
        .order_by(MediaItem.name, MediaItem.kind)
    )
    return MediaNames([MediaName(*row) for row in session.execute(statement)])


def steps(session: Session, run_id: str, name: str | None) -> MediaSteps:
    """The steps at which the run has something, of one name or of all."""
    is_chosen = (MediaItem.run_id == run_id, _is_of(name), counting(session, [run_id])(MediaItem))
    chosen = sa.select(MediaItem.step).where(*is_chosen).distinct().subquery()
    number = sa.func.row_number().over(order_by=chosen.c.step).label("number")
    numbered = sa.select(chosen.c.step, number, sa.func.count().over().label("piece_count")).subquery()
    # every so many, counted so that no more than asked for are left; the last besides
    apart = (numbered.c.piece_count + MAX_STEPS - 3) // (MAX_STEPS - 1)
    is_kept = sa.or_((numbered.c.number - 1) % apart == 0, numbered.c.number == numbered.c.piece_count)
    statement = sa.select(numbered.c.step, numbered.c.piece_count)
    found = session.execute(
        statement.where(sa.or_(numbered.c.piece_count <= MAX_STEPS, is_kept)).order_by("step")
    ).all()
    return MediaSteps([row.step for row in found], found[0].piece_count if found else 0)


def page(session: Session, run_id: str, asked: MediaQuery) -> MediaList:
    """A page of the run's media. Raises Refused for a cursor that is none."""
    counts = counting(session, [run_id])(MediaItem)
    statement = _shown().where(MediaItem.run_id == run_id, _is_of(asked.name), counts)
    if asked.kind is not None:
        statement = statement.where(MediaItem.kind == asked.kind)
    if asked.from_step is not None:
        statement = statement.where(MediaItem.step >= asked.from_step)
    if asked.to_step is not None:
        statement = statement.where(MediaItem.step <= asked.to_step)
    if asked.cursor is not None:
        last = _read(asked.cursor)
        statement = statement.where(sa.tuple_(*_ORDER) > sa.tuple_(last.name, last.step, last.position, last.id))
    rows = session.execute(statement.order_by(*_ORDER).limit(asked.limit + 1)).all()
    found = _described(session, rows[: asked.limit])
    return MediaList(found, _write(found[-1]) if len(rows) > asked.limit else None)


def at(session: Session, asked: MediaAtRequest) -> MediaAt:
    """What is seen at a step. Runs that are not there, or no more, and names without anything have no group."""
    known = runs.started(session, asked.runs)
    wanted = [run_id for run_id in dict.fromkeys(asked.runs) if run_id in known]
    most = max(1, min(MAX_IN_GROUP, MAX_AT_ONCE // max(1, len(wanted) * len(asked.names))))
    counts = counting(session, wanted)
    groups = _groups(session, wanted, asked.names, asked.step, most, counts) if wanted else []
    order = {run_id: number for number, run_id in enumerate(wanted)}
    places = {name: number for number, name in enumerate(dict.fromkeys(asked.names))}
    return MediaAt(sorted(groups, key=lambda group: (places[group.name], order[group.run])))


def one(session: Session, media_id: int) -> Media:
    """One piece, whole. Raises NotFound, also where its run is in the trash."""
    row = (
        session.execute(_shown(is_whole=True).where(MediaItem.id == media_id)).one_or_none()
        if _is_id(media_id)
        else None
    )
    if row is None:
        raise NotFound("unknown_media", f"there is no media {media_id}")
    runs.get(session, row.run_id)
    (found,) = _described(session, [row], is_whole=True)
    return found


def _is_of(name: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if name is None else MediaItem.name == name


def _is_id(media_id: int) -> bool:
    return media_id <= MAX_INTEGER


def _groups(
    session: Session, wanted: list[str], names: list[str], step: int | None, most: int, counts: Counting
) -> list[MediaGroup]:
    """For each run and name the first pieces of the greatest step up to `step`: a few looks into an index each."""
    run, name = db.listed(wanted).alias("wanted_runs"), db.listed(names).alias("wanted_names")
    item = orm.aliased(MediaItem)
    latest = sa.select(item.step).where(item.run_id == run.c.value, item.name == name.c.value, counts(item))
    if step is not None:
        latest = latest.where(item.step <= step)
    pairs = (
        sa.select(
            run.c.value.label("run_id"),
            name.c.value.label("name"),
            latest.order_by(item.step.desc()).limit(1).correlate(run, name).scalar_subquery().label("step"),
        )
        .select_from(run.join(name, sa.true()))
        .distinct()
        .cte("pairs")
        .prefix_with("MATERIALIZED")
    )
    peer = orm.aliased(MediaItem)
    is_here = (peer.run_id == pairs.c.run_id, peer.name == pairs.c.name, peer.step == pairs.c.step, counts(peer))
    last = sa.select(peer.position, peer.id).where(*is_here).order_by(peer.position, peer.id).offset(most - 1).limit(1)
    ends = (
        sa.select(
            pairs.c.run_id,
            pairs.c.name,
            pairs.c.step,
            sa.select(sa.func.count(peer.id)).where(*is_here).correlate(pairs).scalar_subquery().label("piece_count"),
            last.with_only_columns(peer.position).correlate(pairs).scalar_subquery().label("position"),
            last.with_only_columns(peer.id).correlate(pairs).scalar_subquery().label("last_id"),
        )
        .where(pairs.c.step.is_not(None))
        .cte("ends")
        .prefix_with("MATERIALIZED")
    )
    is_first = sa.or_(
        ends.c.last_id.is_(None),
        sa.tuple_(MediaItem.position, MediaItem.id) <= sa.tuple_(ends.c.position, ends.c.last_id),
    )
    statement = (
        _shown()
        .add_columns(ends.c.piece_count)
        .join(
            ends,
            sa.and_(
                MediaItem.run_id == ends.c.run_id,
                MediaItem.name == ends.c.name,
                MediaItem.step == ends.c.step,
                is_first,
                counts(MediaItem),
            ),
        )
        .order_by(MediaItem.run_id, *_ORDER)
    )
    rows = session.execute(statement).all()
    totals = {(row.run_id, row.name): row.piece_count for row in rows}
    found: dict[tuple[str, str], list[Media]] = {}
    for media in _described(session, rows):
        found.setdefault((media.run, media.name), []).append(media)
    return [MediaGroup(*place, media[0].step, totals[place], media) for place, media in found.items()]


def _shown(*, is_whole: bool = False) -> sa.Select[Any]:
    """The columns of a piece; `details` is None where a list leaves it out for its size, without having read it."""
    details = MediaItem.details
    if not is_whole:
        size = sa.func.length(sa.type_coerce(details, sa.Text))
        details = sa.case((size <= MAX_LISTED_DETAILS, details), else_=sa.null()).label("details")  # type: ignore[assignment]
    columns: list[Any] = [
        MediaItem.id,
        MediaItem.run_id,
        MediaItem.name,
        MediaItem.kind,
        MediaItem.step,
        MediaItem.position,
        MediaItem.time_ms,
        MediaItem.caption,
        MediaItem.size_bytes,
        MediaItem.digest,
        details,
    ]
    return sa.select(*columns)


def _described(session: Session, rows: Sequence[sa.Row[Any]], *, is_whole: bool = False) -> list[Media]:
    files = _files(session, [row.id for row in rows], None if is_whole else MAX_LISTED_FILES)
    return [_one_described(row, files.get(row.id, [])) for row in rows]


def _one_described(row: sa.Row[Any], files: list[MediaFileEntry] | None) -> Media:
    here, kept = f"/api/v1/media/{row.id}", f"v={row.digest[:16]}" if row.digest else ""
    is_abridged = row.details is None or files is None
    return Media(
        id=row.id,
        run=row.run_id,
        name=row.name,
        kind=row.kind,
        step=row.step,
        position=row.position,
        time_ms=row.time_ms,
        caption=row.caption,
        size_bytes=row.size_bytes,
        details={} if is_abridged or not isinstance(row.details, dict) else row.details,
        files=[] if is_abridged or files is None else files,
        is_abridged=is_abridged,
        content_url=f"{here}/content?{kept}" if row.digest else None,
        thumbnail_url=f"{here}/thumbnail?{kept}" if row.digest and row.kind == "image" else None,
        frame_url=f"{here}/frame" if row.digest and row.kind in FRAMED else None,
    )


def _files(session: Session, ids: Sequence[int], most: int | None) -> dict[int, list[MediaFileEntry] | None]:
    """The further files of pieces that have some; None for one that has more than `most`."""
    many: set[int] = set()
    if most is not None:
        counted = sa.select(MediaFile.media_id).where(MediaFile.media_id.in_(ids)).group_by(MediaFile.media_id)
        many = set(session.scalars(counted.having(sa.func.count() > most)))
    chosen = [media_id for media_id in ids if media_id not in many]
    columns = (MediaFile.media_id, MediaFile.path, MediaFile.size_bytes)
    statement = sa.select(*columns).where(MediaFile.media_id.in_(chosen)).order_by(MediaFile.media_id, MediaFile.path)
    found: dict[int, list[MediaFileEntry] | None] = dict.fromkeys(many)
    for media_id, path, size_bytes in session.execute(statement):
        kept = found.setdefault(media_id, [])
        assert kept is not None
        kept.append(MediaFileEntry(path, size_bytes))
    return found


def _write(last: Media) -> str:
    cursor = _Cursor(last.name, last.step, last.position, last.id)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def _read(text: str) -> _Cursor:
    try:
        cursor = msgspec.msgpack.decode(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), type=_Cursor
        )
        if all(-MAX_INTEGER <= number <= MAX_INTEGER for number in (cursor.step, cursor.position, cursor.id)):
            return cursor
    except (ValueError, msgspec.DecodeError):
        pass
    raise Refused(
        "bad_cursor",
        "the cursor is not one that this server made; pass `next_cursor` of the page before as it is, or leave it out",
        field="cursor",
    )
