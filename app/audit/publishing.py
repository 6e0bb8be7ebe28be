"""Heads, keys and proofs as documents (docs/audit-format.md, 6 and 7), the events for auditors, and what is late."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import func, select, text

from app.audit.leaves import instant, leaves_at
from app.audit.merkle import (
    ALGORITHMS,
    Hash,
    NodeAt,
    Place,
    consistency_places,
    consistency_proof,
    inclusion_places,
    inclusion_proof,
)
from app.audit.sealing import Head, TrailBroken, head_of_size, heads, newest_head, nodes_at
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidParameter, NotFound, NotPermitted
from app.infrastructure.fields import LARGEST_IDENTIFIER, Instant
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors, split_page
from app.regulation.permissions import Permission, has_permission
from app.tables.history import AuditEvent, AuditStream, SequencePosition
from app.tables.trees import AuditKey, HeadHandover, TreeHead

LATE: Final = timedelta(minutes=30)
"""How long a row may wait for its head, and a head for being handed outside."""
_UNSEALED_SINCE: Final = text("SELECT unsealed_since()")
_DESTINATIONS: Final = {"folder": "目录(QINGLING_HEADS_FOLDER)", "webhook": "地址(QINGLING_HEADS_WEBHOOK_URL)"}

Size = Annotated[int, Field(ge=1, le=LARGEST_IDENTIFIER)]


class HeadsAsked(Paging):
    """Which page of the heads."""


class EventsAsked(Paging):
    """Which audit events: of one kind of stream, of one subject of that kind, recorded since an instant."""

    kind: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,59}$", description="审计流的种类,如 hazard")
    subject: Size | None = Field(default=None, description="该种类中的对象编号;须同时给出 kind")
    since: Instant | None = Field(default=None, description="此刻及以后记录的")


async def head_documents(context: Context, wanted: HeadsAsked, cursors: Cursors) -> dict[str, Any]:
    """A page of head documents, the newest first."""
    scope, below = wanted.scope("tree_heads"), None
    if wanted.cursor is not None:
        (below,) = cursors.read(scope, wanted.cursor, (int,))
    found = await heads(context, limit=wanted.limit + 1, below=below if isinstance(below, int) else None)
    shown, last = split_page(found, wanted.limit)
    known = await _keys(context)
    return {
        "items": [_document(head, known) for head in shown],
        "next_cursor": None if last is None else cursors.write(scope, [last.size]),
    }


async def head_document(context: Context, size: int) -> dict[str, Any]:
    """The document of the head of that size; NotFound where none was sealed."""
    head = await head_of_size(context, size)
    if head is None:
        raise NotFound
    return _document(head, await _keys(context))


async def newest_head_document(context: Context) -> dict[str, Any] | None:
    """The newest head's; None before the first sealing."""
    head = await newest_head(context)
    return None if head is None else _document(head, await _keys(context))


async def keys(context: Context) -> dict[str, Any]:
    """Every key that ever signed a head, oldest first."""
    rows = await context.session.execute(select(AuditKey).order_by(AuditKey.valid_from, AuditKey.key_id))
    return {"items": [{**_key(key), "valid_from": instant(key.valid_from)} for key in rows.scalars()]}


async def inclusion(context: Context, position: int, size: int | None = None) -> dict[str, Any]:
    """The inclusion document of one position, for who may verify: under the newest head, or that of `size`."""
    _may(context, Permission.AUDIT_VERIFY)
    found = await inclusion_documents(context, [position], size)
    if not found:
        raise NotFound
    return found[0]


async def inclusion_documents(
    context: Context, positions: Sequence[int], size: int | None = None
) -> list[dict[str, Any]]:
    """One document for each of the positions that the caller may read and the head covers, in their order."""
    head = await newest_head(context) if size is None else await head_of_size(context, size)
    if head is None:
        return []
    covered = [position for position in positions if position <= head.size]
    data, document = await leaves_at(context, covered), _document(head, await _keys(context))
    shown = [position for position in covered if position in data]
    paths = await _paths(
        context,
        [place for position in shown for place in inclusion_places(position - 1, head.size)],
        lambda h, node_at: [inclusion_proof(h, position - 1, head.size, node_at) for position in shown],
    )
    return [
        {
            "position": position,
            "leaf": data[position].decode(),
            "head": document,
            "paths": {name: [one.hex() for one in of_all[number]] for name, of_all in paths.items()},
        }
        for number, position in enumerate(shown)
    ]


async def consistency(context: Context, first: int, second: int) -> dict[str, Any]:
    """The consistency document of two heads, by their sizes."""
    _may(context, Permission.AUDIT_VERIFY)
    if first > second:
        message = "from 不得大于 to:证明的是较小的树是较大的树的开头。"
        raise InvalidParameter(
            "sizes_not_in_order", message, fields=(FieldError("/from", "sizes_not_in_order", message, "query"),)
        )
    before, after = await head_document(context, first), await head_document(context, second)
    paths = await _paths(
        context,
        consistency_places(first, second),
        lambda h, node_at: [consistency_proof(h, first, second, node_at)],
    )
    return {
        "from": before,
        "to": after,
        "paths": {name: [one.hex() for one in only] for name, (only,) in paths.items()},
    }


async def events(context: Context, wanted: EventsAsked, cursors: Cursors) -> dict[str, Any]:
    """A page of audit events, the newest first, each with the exact bytes that were hashed."""
    _may(context, Permission.AUDIT_READ)
    if wanted.subject is not None and wanted.kind is None:
        message = "subject 须与 kind 一同给出。"
        raise InvalidParameter("kind_missing", message, fields=(FieldError("/kind", "kind_missing", message, "query"),))
    columns = AuditEvent.__table__.c
    names = ("id", "serial", "event", "payload", "previous_sha256", "sha256", "account_id", "request_id", "recorded_at")
    statement = (
        select(*(columns[name] for name in names), AuditStream.kind, AuditStream.subject_id, SequencePosition.position)
        .join(AuditStream, AuditStream.id == AuditEvent.stream_id)
        .outerjoin(SequencePosition, SequencePosition.audit_event_id == AuditEvent.id)
    )
    asked = {AuditStream.kind: wanted.kind, AuditStream.subject_id: wanted.subject}
    statement = statement.where(*(column == value for column, value in asked.items() if value is not None))
    if wanted.since is not None:
        statement = statement.where(AuditEvent.recorded_at >= wanted.since)
    page = await page_by_id(context, "audit_events", statement, AuditEvent.id, wanted, cursors)
    return {**page, "items": [_event(row) for row in page["items"]]}


async def delays(context: Context, destinations: Iterable[str]) -> list[str]:
    """What has waited longer than it may, in Chinese sentences: rows for a head, heads for each destination set."""
    unsealed = (await context.session.execute(_UNSEALED_SINCE)).scalar_one()
    told = []
    if unsealed is not None and context.now - unsealed > LATE:
        told.append("有记录超过 30 分钟未封入审计树,请检查作业进程(qingling worker)")
    for destination in destinations:
        handed = select(func.max(HeadHandover.size)).where(HeadHandover.destination == destination).scalar_subquery()
        waiting = select(func.min(TreeHead.sealed_at)).where(TreeHead.size > func.coalesce(handed, 0))
        since: datetime | None = (await context.session.execute(waiting)).scalar_one()
        if since is not None and context.now - since > LATE:
            told.append(f"审计树头超过 30 分钟未交存到{_DESTINATIONS[destination]},请检查作业进程和该处能否写入")
    return told


def _may(context: Context, permission: Permission) -> None:
    if not has_permission(permission, context.actor):
        raise NotPermitted


async def _keys(context: Context) -> dict[str, AuditKey]:
    return {key.key_id: key for key in (await context.session.execute(select(AuditKey))).scalars()}


def _key(key: AuditKey) -> dict[str, str]:
    return {"key_id": key.key_id, "algorithm": key.algorithm, "public_key": key.public_key.hex()}


def _document(head: Head, known: dict[str, AuditKey]) -> dict[str, Any]:
    return {"head": head.as_json(), "key": _key(known[head.key_id]), "signature": head.signature.hex()}


def _event(row: dict[str, Any]) -> dict[str, Any]:
    shown = dict(row)
    stream = {"kind": shown.pop("kind"), "subject_id": shown.pop("subject_id")}
    hashes = {name: shown.pop(name).hex() for name in ("previous_sha256", "sha256")}
    return {**shown, "stream": stream, **hashes, "payload": shown["payload"].decode()}


async def _paths(
    context: Context, places: Iterable[Place], prove: Callable[[Hash, NodeAt], list[list[bytes]]]
) -> dict[str, list[list[bytes]]]:
    """For each hash function what `prove` makes of the stored nodes."""
    wanted, found = set(places), {}
    for h in ALGORITHMS:
        stored = await nodes_at(context, h, wanted)
        if wanted - stored.keys():
            raise TrailBroken(f"the {h.name} tree lacks a node that stood in it")
        found[h.name] = prove(h, partial(_at, stored))
    return found


def _at(stored: Mapping[Place, bytes], level: int, index: int) -> bytes:
    return stored[level, index]
