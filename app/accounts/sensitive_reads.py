"""Keeps who read what is sensitive in `access_event`, in the read's own transaction: unrecorded, it does not happen."""

from fastapi import Request
from sqlalchemy import insert

from app.infrastructure.context import Context
from app.infrastructure.middleware import route_template
from app.tables.history import AccessEvent


async def record_read(context: Context, request: Request, what: str, subject: object = None) -> None:
    """One row: what kind of thing, on which route, which one, by which account; nothing of what it says."""
    row = {
        "kind": "read",
        "code": what,
        "route": f"{request.method} {route_template(request.scope)}",
        "subject": None if subject is None else str(subject),
        "account_id": context.actor.account_id,
        "request_id": context.request_id,
    }
    await context.session.execute(insert(AccessEvent).values(row).inline())
