"""发送情况 of what the actor's own office issued; auditors see all. No address is shown: to whom, not where."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, false, select, true

from app.delivery.oversight.schemas import DeliveryFilter
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus, RoleClass
from app.tables.delivery import Delivery, DeliveryAttempt
from app.tables.enterprises import Enterprise
from app.tables.letters import Letter, LetterCopy
from app.tables.places import Organisation

_SHOWN: Final = (
    "message_id", "channel", "status", "is_exposure", "digest_on", "attempts", "next_at", "sent_at", "delivered_at",
    "acknowledged_at", "created_at",
)  # fmt: skip


def refuse_who_may_not(context: Context, permission: Permission) -> None:
    """NotPermitted for who has no business with what is sent."""
    if not has_permission(permission, context.actor):
        raise NotPermitted


def delivery_is_overseen(actor: Actor) -> ColumnElement[bool]:
    """Of a letter that the actor's own organisation issued; every one for an auditor."""
    if actor.role_class is RoleClass.AUDITOR:
        return true()
    if actor.role_class is not RoleClass.OFFICIAL or actor.organisation_id is None:
        return false()
    own = select(Letter.id).where(
        Letter.id == Delivery.letter_id, Letter.issuer_organisation_id == actor.organisation_id
    )
    return own.correlate(Delivery).exists()


async def page(context: Context, wanted: DeliveryFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of them, newest first."""
    refuse_who_may_not(context, Permission.DELIVERY_READ)
    statement = _shown(context.actor)
    if wanted.status is not None:
        statement = statement.where(Delivery.status == wanted.status.value)
    if wanted.channel is not None:
        statement = statement.where(Delivery.channel == wanted.channel.value)
    if wanted.letter is not None:
        statement = statement.where(Letter.public_id == wanted.letter)
    found = await page_by_id(context, "deliveries", statement, Delivery.id, wanted, cursors)
    return {**found, "items": [_told(row) for row in found["items"]]}


async def delivery_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """One with every attempt, and what persons found out; NotFound for another office's."""
    refuse_who_may_not(context, Permission.DELIVERY_READ)
    wanted = _shown(context.actor).where(Delivery.public_id == public_id)
    row = (await context.session.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound
    history = (
        select(
            *(DeliveryAttempt.number, DeliveryAttempt.outcome, DeliveryAttempt.code, DeliveryAttempt.note),
            *(DeliveryAttempt.account_id, DeliveryAttempt.recorded_at),
        )
        .where(DeliveryAttempt.delivery_id == row["key"])
        .order_by(DeliveryAttempt.id)
    )
    attempts = [dict(one) for one in (await context.session.execute(history)).mappings()]
    return {**_told(row), "history": attempts}


def _shown(actor: Actor) -> Select[Any, *tuple[Any, ...]]:
    return (
        select(
            *(Delivery.id.label("key"), Delivery.public_id.label("id"), Delivery.account_id),
            *(getattr(Delivery, name) for name in _SHOWN),
            *(Letter.public_id.label("letter"), Letter.office_code, Letter.year, Letter.serial),
            LetterCopy.public_id.label("copy"),
            *(Organisation.id.label("organisation_id"), Organisation.name.label("organisation_name")),
            *(Enterprise.public_id.label("enterprise_id"), Enterprise.name.label("enterprise_name")),
        )
        .select_from(Delivery)
        .outerjoin(Letter, Letter.id == Delivery.letter_id)
        .outerjoin(LetterCopy, LetterCopy.id == Delivery.copy_id)
        .outerjoin(Organisation, Organisation.id == Delivery.organisation_id)
        .outerjoin(Enterprise, Enterprise.id == Delivery.enterprise_id)
        .where(delivery_is_overseen(actor))
    )


def _told(row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    numbered = row["serial"] is not None
    return {
        "id": row["id"],
        **{name: row[name] for name in _SHOWN},
        "channel_label": DeliveryChannel(row["channel"]).label,
        "status_label": DeliveryStatus(row["status"]).label,
        "letter": row["letter"],
        "number": f"{row['office_code']}〔{row['year']}〕{row['serial']}号" if numbered else None,
        "copy": row["copy"],
        "recipient": _recipient(row),
    }


def _recipient(row: RowMapping | Mapping[str, Any]) -> dict[str, Any] | None:
    """To whom, by name for an organisation, by number for a person; None for what is published."""
    for kind in ("organisation", "enterprise"):
        if row[f"{kind}_id"] is not None:
            return {kind: {"id": row[f"{kind}_id"], "name": row[f"{kind}_name"]}}
    return {"account_id": row["account_id"]} if row["account_id"] is not None else None
