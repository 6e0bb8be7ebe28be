"""The caller's messages, newest first: own enterprise's or office's, and the person's own digests.

What a message says is made anew at each reading, of what its reader may know: the reader of a copy learns no title.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, false, or_, select

from app.delivery.messages import compose
from app.delivery.outbox import Claimed
from app.inbox.schemas import InboxFilter, MessageKind
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus, RoleClass
from app.tables.delivery import Delivery
from app.tables.letters import Letter

_CLAIM: Final = (
    "id", "message_id", "attempts", "channel", "letter_id", "copy_id", "digest_on", "account_id", "organisation_id",
    "enterprise_id", "is_exposure",
)  # fmt: skip


async def page(context: Context, wanted: InboxFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the caller's messages; NotPermitted for who has no inbox."""
    refuse_who_may_not(context, Permission.INBOX_READ)
    statement = _shown(context.actor).where(*_conditions(wanted))
    found = await page_by_id(context, "inbox", statement, Delivery.id, wanted, cursors)
    return {**found, "items": await _told(context, found["items"])}


async def message(context: Context, public_id: UUID) -> dict[str, Any]:
    """One message; NotFound for another's."""
    refuse_who_may_not(context, Permission.INBOX_READ)
    return await message_view(context, public_id)


async def message_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """As it now stands; NotFound for another's."""
    wanted = _shown(context.actor).where(Delivery.public_id == public_id)
    rows = (await context.session.execute(wanted)).mappings().all()
    if not rows:
        raise NotFound
    return (await _told(context, rows))[0]


def refuse_who_may_not(context: Context, permission: Permission) -> None:
    """NotPermitted for who has no inbox."""
    if not has_permission(permission, context.actor):
        raise NotPermitted


def is_own_message(actor: Actor) -> ColumnElement[bool]:
    """Lies in the inbox of the actor, or of the enterprise or office it acts for; what is not sent yet lies in none."""
    by_enterprise = actor.role_class is RoleClass.ENTERPRISE
    readers = (
        (Delivery.account_id, actor.account_id),
        (Delivery.enterprise_id, actor.enterprise_id if by_enterprise else None),
        (Delivery.organisation_id, actor.organisation_id if actor.role_class is RoleClass.OFFICIAL else None),
    )
    own = [column == value for column, value in readers if value is not None]
    lies = and_(Delivery.channel == DeliveryChannel.INBOX.value, Delivery.status == DeliveryStatus.SENT.value)
    return and_(lies, or_(false(), *own))


def _shown(actor: Actor) -> Select[Any, *tuple[Any, ...]]:
    return (
        select(
            *(getattr(Delivery, name) for name in _CLAIM),
            *(Delivery.public_id, Delivery.delivered_at, Delivery.acknowledged_at),
            Delivery.acknowledged_by_account_id,
            Letter.status.label("letter_status"),
        )
        .select_from(Delivery)
        .outerjoin(Letter, Letter.id == Delivery.letter_id)
        .where(is_own_message(actor))
    )


def _conditions(wanted: InboxFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.unread is not None:
        found.append(Delivery.acknowledged_at.is_(None) == wanted.unread)
    if wanted.kind is not None:
        found.append(Delivery.letter_id.is_not(None) == (wanted.kind is MessageKind.LETTER))
    return found


async def _told(context: Context, rows: Sequence[RowMapping | Mapping[str, Any]]) -> list[dict[str, Any]]:
    claims = [Claimed(**{name: row[name] for name in _CLAIM}) for row in rows]
    made = await compose(context, claims, publication_url=None) if claims else []
    return [
        {
            "id": row["public_id"],
            "kind": (MessageKind.DIGEST if row["letter_id"] is None else MessageKind.LETTER).value,
            "subject": one.subject,
            "text": one.text,
            "data": one.payload["data"],
            "letter_status": row["letter_status"],
            "received_at": row["delivered_at"],
            "acknowledged_at": row["acknowledged_at"],
            "acknowledged_by_account_id": row["acknowledged_by_account_id"],
        }
        for row, one in zip(rows, made, strict=True)
    ]
