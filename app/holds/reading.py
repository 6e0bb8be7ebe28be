"""暂停发文 as it is shown, the open ones first; who held and who released are told as accounts, by number."""

from typing import Any
from uuid import UUID

from sqlalchemy import Integer, RowMapping, Select, cast, select, tuple_

from app.holds.schemas import HoldFilter
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound
from app.infrastructure.pagination import Cursors, split_page
from app.regulation.vocabulary import HoldReason
from app.tables.escalation import DispatchHold, EscalationRehearsal, EscalationRun

_IS_OPEN = cast(DispatchHold.released_at.is_(None), Integer)


async def page(context: Context, wanted: HoldFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the holds, the open ones first, each kind newest first."""
    scope, statement = wanted.scope("dispatch-holds"), _shown()
    if wanted.is_open is not None:
        statement = statement.where(DispatchHold.released_at.is_(None) == wanted.is_open)
    if wanted.cursor is not None:
        after = cursors.read(scope, wanted.cursor, (int, int))
        statement = statement.where(tuple_(_IS_OPEN, DispatchHold.id) < tuple_(*after))
    ordered = statement.order_by(_IS_OPEN.desc(), DispatchHold.id.desc()).limit(wanted.limit + 1)
    shown, last = split_page((await context.session.execute(ordered)).mappings().all(), wanted.limit)
    return {
        "items": [told(row) for row in shown],
        "next_cursor": None if last is None else cursors.write(scope, [int(last["is_open"]), last["key"]]),
    }


async def hold_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """One hold; NotFound where there is none."""
    found = await context.session.execute(_shown().where(DispatchHold.public_id == public_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return told(row)


def told(row: RowMapping) -> dict[str, Any]:
    """A hold without its key."""
    shown = {name: value for name, value in row.items() if name != "key"}
    return {**shown, "label": HoldReason(row["reason"]).label}


def _shown() -> Select[Any, *tuple[Any, ...]]:
    return (
        select(
            DispatchHold.id.label("key"),
            DispatchHold.public_id.label("id"),
            DispatchHold.reason,
            DispatchHold.note,
            DispatchHold.released_at.is_(None).label("is_open"),
            DispatchHold.held_at,
            DispatchHold.ordered_by_account_id,
            EscalationRun.public_id.label("run_id"),
            EscalationRehearsal.public_id.label("rehearsal_id"),
            *(DispatchHold.released_at, DispatchHold.released_by_account_id, DispatchHold.release_note),
        )
        .select_from(DispatchHold)
        .outerjoin(EscalationRun, EscalationRun.id == DispatchHold.run_id)
        .outerjoin(EscalationRehearsal, EscalationRehearsal.id == DispatchHold.rehearsal_id)
    )
