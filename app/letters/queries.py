"""Which letters an actor sees, and how they are shown: a copy's reader sees its own lines and nothing of the others'.

Row-level security says the same of rows; that an extract shows no text and no foreign addressee is said here alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound
from app.regulation.facts import Actor
from app.regulation.vocabulary import LetterKind, LetterStatus, RoleClass
from app.tables.enterprises import Enterprise
from app.tables.escalation import RaisedRung
from app.tables.hazards import Hazard
from app.tables.letters import Letter, LetterCopy, LetterItem, LetterReply, LetterService
from app.tables.places import Organisation

_EVERYTHING: Final = frozenset({RoleClass.AUDITOR, RoleClass.JOB, RoleClass.REPORT})
OUT: Final = (LetterStatus.ISSUED.value, LetterStatus.VOIDED.value)
LIVE_LINES: Final = "lines"
"""In an issued letter's body: how many lines it went with, so that a copy's reader is told whether these are all."""
_ISSUER, _ADDRESSEE = aliased(Organisation), aliased(Organisation)
_FIRM, _REISSUED = aliased(Enterprise), aliased(Letter)
_SHOWN: Final = (
    "kind", "status", "version", "business_date", "drafted_at", "issued_at", "dispatched_on", "served_on", "served_as",
    "reply_due_on", "answered_on", "ended_reason", "ended_at", "standing_authorisation",
)  # fmt: skip


def is_looked_after(actor: Actor) -> ColumnElement[bool]:
    """Issued by the actor's own organisation or, for offices and governments, by one of their territory."""
    if actor.role_class in _EVERYTHING:
        return true()
    if actor.role_class is not RoleClass.OFFICIAL or actor.organisation_id is None:
        return false()
    own = Letter.issuer_organisation_id == actor.organisation_id
    if actor.sectors:
        return own
    below = select(Organisation.id).where(
        Organisation.id == Letter.issuer_organisation_id, Organisation.unit_id.in_(actor.unit_ids)
    )
    return or_(own, below.correlate(Letter).exists())


def is_addressed_to(actor: Actor) -> ColumnElement[bool]:
    """Out, and the actor's organisation or enterprise is the addressee."""
    if actor.role_class is RoleClass.ENTERPRISE and actor.enterprise_id is not None:
        return and_(Letter.status.in_(OUT), Letter.addressee_enterprise_id == actor.enterprise_id)
    if actor.role_class is RoleClass.OFFICIAL and actor.organisation_id is not None:
        return and_(Letter.status.in_(OUT), Letter.addressee_organisation_id == actor.organisation_id)
    return false()


def copy_of(actor: Actor) -> ColumnElement[bool]:
    """Of the copies, the one whose reader the actor's organisation or enterprise is."""
    if actor.role_class is RoleClass.ENTERPRISE and actor.enterprise_id is not None:
        return LetterCopy.enterprise_id == actor.enterprise_id
    if actor.role_class is RoleClass.OFFICIAL and actor.organisation_id is not None:
        return LetterCopy.organisation_id == actor.organisation_id
    return false()


def is_whole(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor reads the letter itself, not only a copy's lines."""
    return or_(is_looked_after(actor), is_addressed_to(actor))


def letter_is_visible(actor: Actor) -> ColumnElement[bool]:
    """Every letter the actor may see anything of."""
    copied = select(LetterCopy.id).where(LetterCopy.letter_id == Letter.id, copy_of(actor)).correlate(Letter).exists()
    return or_(is_whole(actor), and_(Letter.status.in_(OUT), copied))


async def letter_in_sight(context: Context, public_id: UUID) -> Letter:
    """The letter; NotFound for one out of the actor's sight."""
    wanted = select(Letter).where(Letter.public_id == public_id, letter_is_visible(context.actor))
    found = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def shown_letters(actor: Actor) -> Select[Any, *tuple[Any, ...]]:
    """Letters in the actor's sight, as `told` reads them."""
    own_lines = (
        select(func.max(func.cardinality(LetterCopy.item_ids)))
        .where(LetterCopy.letter_id == Letter.id, copy_of(actor))
        .correlate(Letter)
        .scalar_subquery()
    )
    return (
        select(
            Letter.id.label("key"),
            Letter.public_id.label("id"),
            *(getattr(Letter, name) for name in _SHOWN),
            *(Letter.title, Letter.body, Letter.office_code, Letter.year, Letter.serial, Letter.signatory_post_kind),
            func.encode(Letter.content_sha256, "hex").label("content_sha256"),
            is_whole(actor).label("is_whole"),
            func.coalesce(own_lines, 0).label("own_lines"),
            *(_ISSUER.id.label("issuer_id"), _ISSUER.name.label("issuer_name")),
            *(_ADDRESSEE.id.label("organisation_id"), _ADDRESSEE.name.label("organisation_name")),
            *(_FIRM.id.label("firm_key"), _FIRM.public_id.label("firm_id"), _FIRM.name.label("firm_name")),
            _REISSUED.public_id.label("reissue_of"),
        )
        .select_from(Letter)
        .join(_ISSUER, _ISSUER.id == Letter.issuer_organisation_id)
        .outerjoin(_ADDRESSEE, _ADDRESSEE.id == Letter.addressee_organisation_id)
        .outerjoin(_FIRM, _FIRM.id == Letter.addressee_enterprise_id)
        .outerjoin(_REISSUED, _REISSUED.id == Letter.reissue_of_id)
        .where(letter_is_visible(actor))
    )


def told(row: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """A letter without its text, as a list shows it."""
    is_extract = not row["is_whole"] and row["own_lines"] != row["body"].get(LIVE_LINES, 0)
    numbered = row["serial"] is not None
    return {
        "id": row["id"],
        **{name: row[name] for name in _SHOWN},
        "number": f"{row['office_code']}〔{row['year']}〕{row['serial']}号" if numbered else None,
        "title": f"{LetterKind(row['kind']).label}(摘抄)" if is_extract else row["title"],
        "issuer": {"id": row["issuer_id"], "name": row["issuer_name"]},
        "addressee": _addressee(row, actor, is_extract=is_extract),
        "reissue_of": row["reissue_of"] if row["is_whole"] else None,
        "is_extract": is_extract,
        "signatory_post_kind": row["signatory_post_kind"],
        "content_sha256": row["content_sha256"],
    }


def _addressee(row: Mapping[str, Any], actor: Actor, *, is_extract: bool) -> dict[str, Any] | None:
    if row["organisation_id"] is not None:
        return {"organisation": {"id": row["organisation_id"], "name": row["organisation_name"]}}
    if row["firm_id"] is None or (is_extract and row["firm_key"] != actor.enterprise_id):
        return None
    return {"enterprise": {"id": row["firm_id"], "name": row["firm_name"]}}


async def letter_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """The whole letter, or what a copy's reader may see of it; NotFound out of sight."""
    actor = context.actor
    wanted = shown_letters(actor).where(Letter.public_id == public_id)
    found = (await context.session.execute(wanted)).mappings().one_or_none()
    if found is None:
        raise NotFound
    row = dict(found)
    seen = told(row, actor)
    copies = await _copies(context, row)
    own = None if row["is_whole"] else {item for copy in copies for item in copy["item_ids"]}
    items = await _items(context, row, own)
    services = await _services(context, row["key"])
    places = {item["key"]: item["position"] for item in items}
    return {
        **seen,
        "text": None if seen["is_extract"] else _text(row["body"]),
        "items": [{name: value for name, value in item.items() if name != "key"} for item in items],
        "copies": [
            {
                **{name: value for name, value in copy.items() if name not in ("key", "item_ids")},
                "lines": sorted(places[item] for item in copy["item_ids"] if item in places),
                "service": services.get(copy["key"]),
            }
            for copy in copies
        ],
        "service": services.get(None) if row["is_whole"] else None,
        "replies": await _replies(context, row["key"]) if row["is_whole"] else [],
    }


def _text(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != LIVE_LINES}


async def _items(context: Context, row: Mapping[str, Any], own: Iterable[int] | None) -> list[dict[str, Any]]:
    seen = hazard_is_visible(context.actor)
    wanted = (
        select(
            LetterItem.id.label("key"),
            LetterItem.position,
            LetterItem.line,
            LetterItem.dropped_at,
            RaisedRung.rung,
            Hazard.public_id.label("hazard"),
        )
        .outerjoin(RaisedRung, RaisedRung.id == LetterItem.raised_rung_id)
        .outerjoin(Hazard, and_(Hazard.id == LetterItem.hazard_id, seen))
        .where(LetterItem.letter_id == row["key"])
        .order_by(LetterItem.position)
    )
    if own is not None:
        wanted = wanted.where(LetterItem.id.in_(own))
    if row["status"] == LetterStatus.ISSUED.value:
        wanted = wanted.where(LetterItem.dropped_at.is_(None))
    return [dict(item) for item in (await context.session.execute(wanted)).mappings()]


async def _copies(context: Context, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = (
        select(
            LetterCopy.id.label("key"),
            LetterCopy.public_id.label("id"),
            LetterCopy.item_ids,
            *(Organisation.id.label("organisation_id"), Organisation.name.label("organisation_name")),
            *(Enterprise.public_id.label("enterprise_id"), Enterprise.name.label("enterprise_name")),
        )
        .outerjoin(Organisation, Organisation.id == LetterCopy.organisation_id)
        .outerjoin(Enterprise, Enterprise.id == LetterCopy.enterprise_id)
        .where(LetterCopy.letter_id == row["key"])
        .order_by(LetterCopy.id)
    )
    if not row["is_whole"]:
        wanted = wanted.where(copy_of(context.actor))
    return [dict(copy) for copy in (await context.session.execute(wanted)).mappings()]


async def _services(context: Context, letter_id: int) -> dict[int | None, dict[str, Any]]:
    columns = (
        LetterService.manner,
        LetterService.received_by,
        LetterService.served_on,
        LetterService.recorded_at,
        func.encode(LetterService.evidence_sha256, "hex").label("evidence_sha256"),
    )
    wanted = select(LetterService.copy_id, *columns).where(LetterService.letter_id == letter_id)
    rows = (await context.session.execute(wanted)).mappings()
    return {row["copy_id"]: {name: value for name, value in row.items() if name != "copy_id"} for row in rows}


async def _replies(context: Context, letter_id: int) -> list[dict[str, Any]]:
    wanted = (
        select(
            LetterReply.public_id.label("id"),
            *(LetterReply.text, LetterReply.number, LetterReply.received_on, LetterReply.recorded_at),
            func.encode(LetterReply.evidence_sha256, "hex").label("evidence_sha256"),
        )
        .where(LetterReply.letter_id == letter_id)
        .order_by(LetterReply.id)
    )
    return [dict(row) for row in (await context.session.execute(wanted)).mappings()]
