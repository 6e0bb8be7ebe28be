"""登录会话: each a row that is listed, revoked and gone with the next request."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import NotFound, NotPermitted
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import RoleClass
from app.tables.people import Session

_COLUMNS = (
    Session.id,
    Session.account_id,
    Session.appointment_id,
    Session.created_at,
    Session.last_seen_at,
    Session.expires_at,
    Session.pending,
)


async def sessions_of(context: Context, account_id: int | None, idle_minutes: int) -> dict[str, Any]:
    """The live sign-ins of the caller's account, newest first; of another's for the security administrator."""
    wanted = await _whose(context, account_id)
    alive = (
        Session.revoked_at.is_(None),
        Session.expires_at > context.now,
        Session.last_seen_at > context.now - timedelta(minutes=idle_minutes),
    )
    found = select(*_COLUMNS).where(Session.account_id == wanted, *alive).order_by(Session.id.desc())
    rows = (await context.session.execute(found)).mappings()
    return {"items": [_view(context, row) for row in rows]}


async def _whose(context: Context, account_id: int | None) -> int:
    own = context.actor.account_id
    if context.session_id is None or own is None:
        raise NotPermitted
    if account_id not in (None, own) and not has_permission(Permission.SESSION_REVOKE, context.actor):
        raise NotPermitted
    return own if account_id is None else account_id


def _view(context: Context, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of SQLAlchemy's
    instants = ("created_at", "last_seen_at", "expires_at")
    written = {name: row[name].isoformat() for name in instants}
    return {**row, **written, "is_current": row["id"] == context.session_id}


async def revoke(context: Context, session_id: int) -> None:
    """Ends a sign-in from the next request on; NotFound for another's unless the security administrator asks."""
    found = select(Session.account_id, Session.revoked_at).where(Session.id == session_id)
    row = (await context.session.execute(found)).one_or_none()
    may_any = has_permission(Permission.SESSION_REVOKE, context.actor)
    if row is None or not (may_any or row.account_id == context.actor.account_id):
        raise NotFound
    if row.revoked_at is not None:
        return
    ended = update(Session).where(Session.id == session_id, Session.revoked_at.is_(None))
    await context.session.execute(ended.values(revoked_at=func.registry_now()))
    role_class = RoleClass.ADMINISTRATOR if may_any else RoleClass.SIGNIN
    async with under_role(context, role_class):
        particulars = {"session": session_id}
        await record(context, "account:session:revoked", Subject("account", row.account_id), particulars)


async def end_sessions_of_identity(context: Context, identity_id: int) -> None:
    """Ends every sign-in that came by an identity of the sign-on provider."""
    came_by_it = update(Session).where(Session.sign_on_identity_id == identity_id, Session.revoked_at.is_(None))
    await context.session.execute(came_by_it.values(revoked_at=func.registry_now()))


async def end_other_sessions(context: Context, account_id: int) -> None:
    """Ends every sign-in of an account but the caller's own."""
    others = update(Session).where(Session.account_id == account_id, Session.revoked_at.is_(None))
    if context.session_id is not None:
        others = others.where(Session.id != context.session_id)
    await context.session.execute(others.values(revoked_at=func.registry_now()))
